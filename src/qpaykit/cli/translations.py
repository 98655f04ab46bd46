"""The Mongolian texts of the commands, by the English ones."""

from __future__ import annotations

_WORDS = {
    "transfer": "дансаар",
    "card": "картаар",
    "paid": "төлсөн",
    "begun": "эхэлсэн",
    "failed": "амжилтгүй",
    "partly paid": "хэсэгчлэн төлсөн",
    "refunded": "буцаасан",
    "underpaid": "дутуу төлсөн",
    "overpaid": "илүү төлсөн",
    "open": "нээлттэй",
    "closed": "хаагдсан",
    "cancelled": "цуцалсан",
}
_TITLES = {
    "Time": "Цаг",
    "Order": "Захиалга",
    "Orders": "Захиалгууд",
    "Paid": "Төлсөн",
    "Fee": "Шимтгэл",
    "Left": "Үлдэх",
    "Method": "Хэлбэр",
    "Status": "Төлөв",
    "Payment": "Төлбөр",
    "Payments": "Төлбөрүүд",
    "Invoice": "Нэхэмжлэх",
    "Description": "Утга",
    "Currency": "Валют",
    "Amount": "Дүн",
    "Due": "Төлөх дүн",
    "Request": "Хүсэлт",
    "Took": "Хугацаа",
    "Answer": "Хариу",
    "State": "Байдал",
}
_SENTENCES = {
    "{count} paid": "{count} төлсөн",
    "{count} payments are in {path}.": "{path} файлд {count} төлбөр бичигдлээ.",
    "No payments.": "Төлбөр алга.",
    "No deliveries.": "Хүргэлт алга.",
    "The orders of {count} invoices are not shown: give --store, or --orders to ask QPay about "
    "each.": "{count} нэхэмжлэхийн захиалгын дугаар харагдахгүй байна: --store өгөх эсвэл тус бүрийг "
    "QPay-ээс асуулгахын тулд --orders өгнө үү.",
    "There is no store at {place}.": "{place} гэсэн store (хадгалалт) алга.",
    "There is no store at {place}: it does not have the tables {tables}.": "{place} дээр store "
    "(хадгалалт) алга: {tables} хүснэгт байхгүй байна.",
    "Only the shop's store knows what was delivered: give --store, or set QPAY_STORE.": "Юу "
    "хүргэснийг зөвхөн дэлгүүрийн store мэднэ: --store өгөх эсвэл QPAY_STORE хувьсагчид өгнө үү.",
    "The store did not answer: {reason}": "Store хариулсангүй: {reason}",
    "The store's URL cannot be read: write the path of a SQLite file, redis://host:6379/0, or a "
    "URL of SQLAlchemy such as postgresql+psycopg://user:password@host/shop.": "Store-ийн хаягийг "
    "уншиж чадсангүй: SQLite файлын зам, redis://host:6379/0 эсвэл "
    "postgresql+psycopg://user:password@host/shop мэтийн SQLAlchemy хаяг бичнэ үү.",
    'A store in this database needs SQLAlchemy: pip install "qpaykit[sqlalchemy]"': "Ийм store-т "
    'SQLAlchemy хэрэгтэй: pip install "qpaykit[sqlalchemy]"',
    "The database's driver {module} is missing: install it.": "Өгөгдлийн сангийн {module} драйвер "
    "алга: суулгана уу.",
    "{driver} is a driver for asyncio: name another one for the commands, such as "
    "postgresql+psycopg:// or sqlite://.": "{driver} нь asyncio-д зориулсан драйвер: командад "
    "postgresql+psycopg:// эсвэл sqlite:// зэрэг өөрийг бичнэ үү.",
    "The store has no invoice of order {order_no}. QPay cannot be asked by an order's number: search the output of qpaykit payments.": "Store {order_no} захиалгын нэхэмжлэхийг мэдэхгүй байна. "
    "QPay-ээс захиалгын дугаараар асуух боломжгүй: qpaykit payments дотроос хайна уу.",
    "Nothing was delivered of it.": "Үүнээс юу ч хүргээгүй байна.",
    "{at}  {status}: order {order_no} was delivered, {amount} of {due}.": "{at}  {status}: "
    "{order_no} захиалгыг хүргэсэн, төлсөн {amount}, төлөх дүн {due}.",
    "{at}  {status}: order {order_no}, {amount}. No handler took it: refund it.": "{at}  {status}: "
    "{order_no} захиалга, {amount}. Handler хүлээж аваагүй: буцаана уу.",
    "{at}  {status}: the shop's handler got {amount} of {due} for order {order_no}.": "{at}  "
    "{status}: {order_no} захиалгын төлбөрийг дэлгүүрт мэдэгдсэн, төлсөн {amount}, төлөх дүн {due}.",
    "--to is before --from.": "--to нь --from-оос өмнө байна.",
    "{day} is not a day: write it as 2026-11-28, or today, or yesterday.": "{day} өдөр биш: "
    "2026-11-28, today (өнөөдөр) эсвэл yesterday (өчигдөр) гэж бичнэ үү.",
    "{place} cannot be imported: {reason}.": "{place} импорт хийж чадсангүй: {reason}.",
    "{place} is not a dispatcher.": "{place} нь dispatcher биш.",
    "Payments: {count}. All of them are delivered.": "Төлбөр: {count}. Бүгдийг нь хүргэсэн.",
    "{count} of {all} payments": "{all} төлбөрөөс {count}",
    "Nothing was delivered: --deliver MODULE:NAME does it.": "Юу ч хүргээгүй: хүргэхийн тулд --deliver MODULE:NAME өгнө үү.",
    "delivered": "хүргэсэн",
    "to be delivered": "хүргэх ёстой",
    "contradiction": "зөрчилтэй",
    "no answer": "хариугүй",
    "not paid yet": "төлөгдөөгүй",
    "in progress": "хүргэж байна",
    "underpaid: the buyer paid less than the order costs.": "дутуу төлсөн: худалдан авагч захиалгын "
    "үнээс бага төлсөн.",
    "overpaid: the order was paid before; refund this payment.": "илүү төлсөн: захиалга өмнө нь "
    "төлөгдсөн; энэ төлбөрийг буцаана уу.",
    "contradiction: QPay's answers do not agree; check the payment.": "зөрчилтэй: QPay-ийн "
    "хариултууд хоорондоо зөрж байна; төлбөрийг шалгана уу.",
    "no answer: QPay or the store did not answer; run the command again.": "хариугүй: QPay эсвэл "
    "store хариулсангүй; командыг дахин ажиллуулна уу.",
    "in progress: another process is delivering it.": "хүргэж байна: өөр процесс хүргэж байна.",
    "failed: the shop's handler raised an error; see the shop's log.": "амжилтгүй: дэлгүүрийн "
    "handler алдаа гаргалаа; дэлгүүрийн логийг үзнэ үү.",
    "Refunded. The payment is now: {status}.": "Буцаалт хийгдлээ. Төлбөрийн төлөв: {status}.",
    "This is a bank transfer, which QPay cannot refund: send the buyer {amount} {currency} from "
    "your bank.": "Энэ бол дансаар хийсэн шилжүүлэг, QPay үүнийг буцааж чадахгүй: {amount} "
    "{currency}-ийг худалдан авагчид өөрийн банкнаас шилжүүлнэ үү.",
    "This payment was refunded already.": "Энэ төлбөрийг аль хэдийн буцаасан байна.",
    "This payment is {status}: only a PAID one can be refunded.": "Энэ төлбөр {status} төлөвтэй: "
    "зөвхөн PAID төлбөрийг буцааж болно.",
    "The question needs a terminal: give --yes to refund without it.": "Асуух хүн алга: "
    "асуулгүй буцаах бол --yes өгнө үү.",
    "Give {amount} {currency} back to the card, all of it?": "{amount} {currency}-ийг бүтнээр нь "
    "карт руу буцаах уу?",
    "Nothing was refunded.": "Юу ч буцаагаагүй.",
    "Stopped before QPay answered: the refund may or may not have been made. Check the payment before you repeat it.": "QPay хариулахаас өмнө зогслоо: буцаалт хийгдсэн эсэх нь тодорхойгүй. "
    "Дахин оролдохын өмнө төлбөрийг шалгана уу.",
    "probe": "шалгалт",
    "forged": "хуурамч",
    "real": "жинхэнэ",
    "{name}: right": "{name}: зөв",
    "A real callback is sent with --payment ID.": "Жинхэнэ callback илгээхийн тулд --payment ID "
    "өгнө үү.",
    "No answer: QPay cannot reach the shop either.": "Хариу алга: QPay ч дэлгүүрт хүрч чадахгүй.",
    "The shop is too slow: answer first, and do what takes long afterwards.": "Дэлгүүр хэт удаан "
    "байна: эхлээд хариулж, удаан ажлыг дараа нь хийнэ үү.",
    "A redirection: answer at this URL itself, for example with its slash at the end.": "Өөр хаяг "
    "руу чиглүүлж байна: яг энэ хаяг дээр, жишээ нь төгсгөлийн ташуу зураастай нь хариулна уу.",
    "The shop accepts a payment that does not exist: confirm each one at QPay.": "Дэлгүүр байхгүй "
    "төлбөрийг хүлээж авлаа: төлбөр бүрийг QPay-ээс лавлаж баталгаажуулна уу.",
    "The shop has an error.": "Дэлгүүр алдаа гаргалаа.",
    "The body must be SUCCESS, and nothing else.": "Хариуны агуулга яг SUCCESS байх ёстой.",
    "QPay needs status 200 and the body SUCCESS.": "QPay 200 статус, SUCCESS гэсэн агуулга "
    "шаарддаг.",
    "ok": "зөв",
    "wrong": "буруу",
    "note": "анхаар",
    "set": "өгсөн",
    "not set: QPay gives it to you; set {variable}": "өгөөгүй: QPay танд өгдөг; {variable} "
    "хувьсагчид өгнө үү",
    "not set: pass it to every invoice, or set {variable}": "өгөөгүй: нэхэмжлэх бүрт өгөх эсвэл "
    "{variable} хувьсагчид өгнө үү",
    "{username}, terminal {terminal}, at {url}": "{username}, терминал {terminal}, {url}",
    "not set: callbacks need it; set {variable}": "өгөөгүй: callback-т хэрэгтэй; {variable} хувьсагчид өгнө үү",
    "not set: callbacks can be forged; set {variable}": "өгөөгүй: callback-ийг хуурамчаар "
    "үйлдэж болно; {variable} хувьсагчид өгнө үү",
    "{code}; QPay checks it with the first invoice": "{code}; QPay анхны нэхэмжлэхээр шалгана",
    "{url} (production)": "{url} (production)",
    "{url} (the sandbox)": "{url} (sandbox)",
    "{url} (a simulator)": "{url} (симулятор)",
    "{url} (not QPay itself)": "{url} (QPay өөрөө биш)",
    "{url}: QPay calls public https:// URLs only": "{url}: QPay зөвхөн нийтэд нээлттэй https:// "
    "хаяг дууддаг",
    "QPay gives one": "QPay олголоо",
    "QPay's time could not be read": "QPay-ийн цагийг уншиж чадсангүй",
    "{skew} s from QPay's": "QPay-ийн цагаас {skew} секунд",
    "{skew} s from QPay's: set this machine's clock (NTP), which decides when tokens expire": "QPay-ийн цагаас "
    "{skew} секунд зөрж байна: токены хугацаа цагаар дуусдаг тул энэ машины цагийг (NTP) тааруулна "
    "уу",
    "There is no format {form}; there are {forms}.": "{form} гэсэн хэлбэр алга; {forms} бий.",
    "Nothing can listen on port {port} of {host} ({reason}). Try --port 0, or another --host.": "{host} "
    "хаягийн {port} портыг нээж чадсангүй ({reason}). --port 0 эсвэл өөр --host өгч үзнэ үү.",
    "The simulator runs. Its page: {url}": "Симулятор ажиллаж байна. Хуудас: {url}",
    "Ctrl-C stops it.": "Ctrl-C дарж зогсооно.",
    "request   {method} {path} -> {status}, {milliseconds} ms": "хүсэлт    {method} {path} -> "
    "{status}, {milliseconds} ms",
    "payment   {payment}, order {order}: {amount} MNT, {status}": "төлбөр    {payment}, захиалга "
    "{order}: {amount} MNT, {status}",
    "callback  payment {payment} -> {answer}": "callback  төлбөр {payment} -> {answer}",
    "callback  payment {payment} -> {answer} (repeated)": "callback  төлбөр {payment} -> {answer} "
    "(давталт)",
    "The settings are in {path}.": "Тохиргоог {path} файлд бичлээ.",
    "{path} cannot be written: {reason}.": "{path} файлд бичиж чадсангүй: {reason}.",
    "Settings of the merchant product; set QPAY_CALLBACK_URL to your shop's URL:": "Мерчант "
    "бүтээгдэхүүний тохиргоо; QPAY_CALLBACK_URL-д дэлгүүрийнхээ хаягийг өгнө үү:",
    "Settings of Quick QR:": "Quick QR-ын тохиргоо:",
    "Variables that have the right value already are left out.": "Аль хэдийн зөв утгатай "
    "хувьсагчдыг орхисон.",
    "Stopped.": "Зогслоо.",
}
_DEMO = {
    "QPay is simulated at {url}": "QPay-ийн симулятор {url} хаяг дээр ажиллаж байна",
    "yes": "тийм",
    "no": "үгүй",
    "  token     one login; it serves every later call": "  токен      нэг удаа нэвтэрлээ; дараагийн бүх дуудлага үүнийг ашиглана",
    "  invoice   {invoice}, {amount} MNT, {count} bank links": "  нэхэмжлэх  {invoice}, {amount} MNT, банкны {count} холбоос",
    "  QR": "  QR",
    "  QR        not shown: {encoding} has no block characters; PYTHONIOENCODING=utf-8 shows it": "  QR         харагдахгүй: {encoding} кодчилолд дүрсийн тэмдэгт алга; PYTHONIOENCODING=utf-8 гэвэл харагдана",
    "  check     paid: {paid}": "  шалгалт    төлсөн эсэх: {paid}",
    "  check     paid: {paid}, {amount} MNT": "  шалгалт    төлсөн эсэх: {paid}, {amount} MNT",
    "  buyer     pays by card ...": "  төлөгч     картаар төлж байна ...",
    "  shop      order {order} is paid ({amount} MNT): delivered": "  дэлгүүр    {order} захиалга төлөгдлөө ({amount} MNT): хүргэлээ",
    "  shop      order {order} was refunded: taken back": "  дэлгүүр    {order} захиалгын төлбөр буцаагдлаа: барааг буцааж авлаа",
    "  shop      callback -> {outcome}, answered {status} {body}": "  дэлгүүр    callback -> {outcome}, хариу {status} {body}",
    "  e-barimt  lottery {lottery}, VAT {vat} MNT": "  и-баримт   сугалаа {lottery}, НӨАТ {vat} MNT",
    "  refund    the payment is {status}": "  буцаалт    төлбөрийн төлөв: {status}",
    "Delivered, receipted and refunded.": "Захиалгыг хүргэж, баримт олгож, төлбөрийг буцаалаа.",
    "The order was not delivered.": "Захиалгыг хүргэсэнгүй.",
}
_HELP = {
    "QPay for shops and developers.": "Дэлгүүр ба хөгжүүлэгчдэд зориулсан QPay.",
    "The day's work, with the real account": "Өдөр тутмын ажил, жинхэнэ эрхээр",
    "For building a shop": "Дэлгүүр хөгжүүлэхэд",
    "Print the version.": "Хувилбарыг хэвлэнэ.",
    "The language, also after a command; the locale's when left out.": "Хэл, командын ард ч "
    "бичиж болно; өгөөгүй бол системийн хэл.",
    "List the payments of some days, with their sums.": "Тодорхой өдрүүдийн төлбөр, нийлбэр дүн.",
    "The first day: 2026-11-28, today or yesterday. Ulaanbaatar's.": "Эхний өдөр: 2026-11-28, "
    "today (өнөөдөр) эсвэл yesterday (өчигдөр). Улаанбаатарын цагаар.",
    "The last day, in full; the first one when left out.": "Сүүлийн өдөр, дуустал нь; өгөөгүй бол "
    "эхний өдөр.",
    "The first day, as with payments.": "Эхний өдөр, payments-ийн адил.",
    "The last day, in full.": "Сүүлийн өдөр, дуустал нь.",
    "Show what was paid on some days and not delivered.": "Төлсөн боловч хүргээгүй төлбөрүүдийг харуулна.",
    "Deliver it, by this dispatcher of the shop, such as shop.payments:dispatcher. When left out, nothing is delivered.": "Дэлгүүрийн энэ dispatcher-ээр хүргэнэ, жишээ нь shop.payments:dispatcher. Өгөөгүй бол юу ч хүргэхгүй.",
    "Write a CSV file for Excel in place of the table.": "Хүснэгтийн оронд Excel-д зориулсан CSV "
    "файл бичнэ.",
    "Ask QPay for the orders that are not in the store, one request for each invoice; when left out, for up to 200.": "Store-д байхгүй захиалгын дугаарыг QPay-ээс асууна, нэхэмжлэх "
    "бүрт нэг хүсэлт; өгөөгүй бол 200 хүртэл.",
    "The shop's store: a SQLite file, a redis:// URL, or a URL of SQLAlchemy. With it the shop's "
    "login is shared; without it the command logs in anew, which ends the shop's token.": "Дэлгүүрийн "
    "store (хадгалалт): SQLite файл, redis:// хаяг эсвэл SQLAlchemy хаяг. Өгвөл дэлгүүрийн токеныг "
    "хуваалцана; өгөөгүй бол шинээр нэвтрэх тул дэлгүүрийн токен хүчингүй болно.",
    "Write the result as JSON, for programs.": "Үр дүнг программд зориулж JSON-оор бичнэ.",
    "Show a payment: its state at QPay, its order, and whether that was delivered.": "Төлбөр: "
    "QPay дэх төлөв, захиалга, хүргэсэн эсэх.",
    "QPay's id of the payment.": "Төлбөрийн QPay дэх дугаар.",
    "Show an invoice: its state at QPay, what was paid on it, and what was delivered.": "Нэхэмжлэх: "
    "QPay дэх төлөв, төлөгдсөн дүн, юу хүргэсэн.",
    "QPay's id of the invoice.": "Нэхэмжлэхийн QPay дэх дугаар.",
    "Show an order: its invoices from the store, and the state of each at QPay.": "Захиалга: store "
    "дахь нэхэмжлэхүүд, тус бүрийн QPay дэх байдал.",
    "The order's number.": "Захиалгын дугаар.",
    "Refund a card payment in full: shows what will happen, and asks first.": "Картын төлбөрийг "
    "бүтнээр буцаана: юу болохыг үзүүлж, эхлээд асууна.",
    "Why, for QPay; at most 255 characters.": "Шалтгаан, QPay-д зориулж; 255 тэмдэгт хүртэл.",
    "Do not ask.": "Асуухгүй.",
    "List what was delivered on some days, from the shop's store; QPay is not asked.": "Тодорхой "
    "өдрүүдэд юу хүргэснийг store-оос харуулна; QPay-ээс асуухгүй.",
    "Show what the shop answers to a probe, to a forged callback and to a real one.": "Шалгалт, "
    "хуурамч, жинхэнэ callback-т дэлгүүр юу хариулахыг харуулна.",
    "The shop's callback URL.": "Дэлгүүрийн callback хаяг.",
    "Also call back about this payment, as QPay does: the shop delivers it if it has not done "
    "so.": "Энэ төлбөрийн callback-ийг QPay шиг илгээнэ: хүргээгүй байсан бол дэлгүүр хүргэнэ.",
    "Look over the settings in the environment, and say what to do where one is wrong.": "Орчны "
    "хувьсагч дахь тохиргоог шалгаж, буруу байвал юу хийхийг хэлнэ.",
    "Run a simulated QPay on this machine until Ctrl-C.": "Энэ машин дээр QPay-ийг Ctrl-C дартал ажиллуулна.",
    "The port to listen on; 0 takes a free one.": "Порт; 0 бол чөлөөтэйг нь сонгоно.",
    "Pay every invoice so many seconds after it is made.": "Нэхэмжлэх бүрийг үүссэнээс хойш ийм "
    "секундын дараа төлнө.",
    "How --pay-after pays: P2P or CARD.": "--pay-after яаж төлөх: P2P эсвэл CARD.",
    "The login; QPAY_USERNAME, or a fixed one, when left out.": "Нэвтрэх нэр; өгөөгүй бол "
    "QPAY_USERNAME эсвэл тогтмол нэр.",
    "Its password; QPAY_PASSWORD, or a fixed one, when left out.": "Нууц үг; мөн адил QPAY_PASSWORD "
    "эсвэл тогтмол.",
    "How settings are printed: shell, dotenv, powershell.": "Тохиргоог хэвлэх хэлбэр: shell, "
    "dotenv, powershell.",
    "Put the settings into this file, such as .env.": "Тохиргоог .env зэрэг файлд бичнэ.",
    "Keep invoices and payments in this file, over restarts.": "Нэхэмжлэх, төлбөрийг энэ файлд "
    "хадгалж, дахин эхлэхэд сэргээнэ.",
    "The address to listen on; others than loopback need --expose.": "Сонсох хаяг; loopback-аас "
    "бусад нь --expose шаардана.",
    "Let other machines, and phones, reach it.": "Бусад машин, утаснаас хандахыг зөвшөөрнө.",
    "Where phones find the page, such as http://192.168.1.5:8899.": "Утаснаас хуудсыг нээх хаяг, "
    "жишээ нь http://192.168.1.5:8899.",
    "Make payment ids and shares of faults repeatable.": "Төлбөрийн дугаар, гэмтлийн хувийг "
    "давтагдахуйц болгоно.",
    'Add a fault: "POST /invoice 500", with "x3", "all" or "5%".': "Гэмтэл нэмнэ: "
    '"POST /invoice 500", ард нь "x3", "all" эсвэл "5%".',
    "Show a payment from the invoice to the refund, over real HTTP, without QPay.": "Нэг төлбөрийн бүх замыг "
    "QPay-гүйгээр, жинхэнэ HTTP дээр үзүүлнэ.",
}
MONGOLIAN: dict[str, str] = {**_WORDS, **_TITLES, **_SENTENCES, **_DEMO, **_HELP}
