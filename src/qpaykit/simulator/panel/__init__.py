"""The simulator's page: what a person, or a script over HTTP, does with a simulated QPay."""

from qpaykit.simulator.panel.panel import Panel

__all__ = ["Panel"]
