// Replaces the content when it changed, and never while somebody types.
setInterval(async () => {
  if (document.activeElement.matches("input,select")) return;
  try {
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    const shown = document.querySelector("main");
    if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceWith(fresh);
  } catch {}
}, 1000);
