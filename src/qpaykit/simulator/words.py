"""The page's words, in both languages."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "title": ("QPay simulator", "QPay симулятор"),
    "invoices": ("Invoices", "Нэхэмжлэх"),
    "requests": ("Requests", "Хүсэлтүүд"),
    "faults": ("Faults", "Гэмтэл"),
    "none_yet": (
        "No invoices yet. Point a shop at this simulator and make one.",
        "Нэхэмжлэх алга. Дэлгүүрээ энэ симулятор руу чиглүүлж нэхэмжлэх үүсгэнэ үү.",
    ),
    "order": ("Order", "Захиалга"),
    "amount": ("Amount", "Дүн"),
    "state": ("State", "Төлөв"),
    "paid": ("Paid", "Төлсөн"),
    "due": ("Due", "Үлдэгдэл"),
    "description": ("Description", "Утга"),
    "callback_url": ("Callback URL", "Callback хаяг"),
    "pay": ("Pay in full", "Бүтэн төлөх"),
    "pay_card": ("Pay by card", "Картаар төлөх"),
    "pay_part": ("Pay a part", "Хэсэгчлэн төлөх"),
    "decline": ("Decline", "Татгалзах"),
    "payments": ("Payments", "Төлбөрүүд"),
    "refund": ("Refund", "Буцаах"),
    "send_again": ("Send the callback again", "Callback дахин илгээх"),
    "callbacks": ("Callbacks and the shop's answers", "Callback ба дэлгүүрийн хариу"),
    "no_answer": ("no answer", "хариу ирээгүй"),
    "bank_qr": ("For a bank's app", "Банкны аппд"),
    "phone_qr": ("Opens this page on a phone", "Энэ хуудсыг утсан дээр нээнэ"),
    "cannot": ("That cannot be done", "Боломжгүй"),
    "back": ("Back", "Буцах"),
    "method": ("Method", "Арга"),
    "path": ("Path", "Зам"),
    "kind": ("Kind", "Төрөл"),
    "times": ("Times", "Удаа"),
    "add_fault": ("Let it go wrong", "Гэмтэл нэмэх"),
    "clear_faults": ("Let all go well", "Гэмтлүүдийг арилгах"),
    "body": ("Body", "Агуулга"),
    "OPEN": ("open", "нээлттэй"),
    "CLOSED": ("paid", "төлөгдсөн"),
    "CANCELED": ("cancelled", "цуцлагдсан"),
    "PAID": ("paid", "төлөгдсөн"),
    "FAILED": ("failed", "амжилтгүй"),
    "REFUNDED": ("refunded", "буцаагдсан"),
    "NEW": ("new", "шинэ"),
}


def word(name: str, language: str) -> str:
    """Return a word in "en" or "mn"; what is not in the table is returned as it is."""
    english, mongolian = WORDS.get(name, (name, name))
    return mongolian if language == "mn" else english
