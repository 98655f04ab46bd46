"""The panel's texts in English and Mongolian."""

from __future__ import annotations

from qpaykit.simulator.action_error import ActionError
from qpaykit.simulator.error_responses import ErrorResponse
from qpaykit.simulator.faults import CALLBACK_FAULTS, KINDS

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("QPay simulator", "QPay симулятор"),
    "invoices": ("Invoices", "Нэхэмжлэх"),
    "merchants": ("Sub-merchants", "Дэд мерчантууд"),
    "no_merchants": (
        "No sub-merchants yet. Register one with a QuickQRClient.",
        "Дэд мерчант алга. QuickQRClient ашиглан бүртгэнэ үү.",
    ),
    "login": ("Login", "Нэвтрэх эрх"),
    "register_number": ("Register number", "Регистрийн дугаар"),
    "name": ("Name", "Нэр"),
    "COMPANY": ("company", "байгууллага"),
    "PERSON": ("person", "хувь хүн"),
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
    "payment": ("Payment", "Төлбөр"),
    "payments": ("Payments", "Төлбөрүүд"),
    "refund": ("Refund", "Буцаах"),
    "send_again": ("Send the callback again", "Callback дахин илгээх"),
    "callbacks": ("Callbacks and the shop's answers", "Callback ба дэлгүүрийн хариу"),
    "no_answer": ("no answer", "хариу ирээгүй"),
    "bank_qr": ("For a bank's app", "Банкны аппд"),
    "phone_qr": ("Opens this page on a phone", "Энэ хуудсыг утсан дээр нээнэ"),
    "cannot": ("That cannot be done", "Боломжгүй"),
    "back": ("Back", "Буцах"),
    "no_such_page": ("There is no such page.", "Ийм хуудас алга."),
    "no_such_thing": (
        "There is no such invoice or payment.",
        "Ийм нэхэмжлэх эсвэл төлбөр алга.",
    ),
    "method": ("Method", "Арга"),
    "pay_method": ("Paid by", "Төлсөн хэлбэр"),
    "path": ("Path", "Зам"),
    "kind": ("Kind", "Төрөл"),
    "times": ("Times", "Удаа"),
    "add_fault": ("Add fault", "Гэмтэл нэмэх"),
    "clear_faults": ("Clear faults", "Гэмтлүүдийг арилгах"),
    "answer": ("Answer", "Хариу"),
    "first_time": ("new to the shop", "дэлгүүрт шинэ"),
    "repeated": (
        "repeated: the shop must not deliver again",
        "давталт: дэлгүүр дахин хүргэх ёсгүй",
    ),
    "pay_again": ("Pay again in full", "Дахин бүтэн төлөх"),
    "answer_faults": ("Faults of answers", "Хариуны гэмтэл"),
    "callback_faults": ("Faults of callbacks", "Callback-ийн гэмтэл"),
    "body": ("Body", "Агуулга"),
    "OPEN": ("open", "нээлттэй"),
    "CLOSED": ("paid", "төлөгдсөн"),
    "CANCELED": ("cancelled", "цуцлагдсан"),
    "PAID": ("paid", "төлөгдсөн"),
    "FAILED": ("failed", "амжилтгүй"),
    "REFUNDED": ("refunded", "буцаагдсан"),
    "NEW": ("new", "шинэ"),
    "PARTIAL": ("partly paid", "хэсэгчлэн төлсөн"),
    "EXPIRED": ("expired", "хугацаа дууссан"),
}


# The English texts of the faults are those of `faults.KINDS` and `faults.CALLBACK_FAULTS`.
MONGOLIAN_FAULTS = {
    "500": "500 SYSTEM_BUSY хариулна; юу ч хийхгүй",
    "500-after": "хүсэлтийг гүйцэтгээд 500 хариулна",
    "502": "502 HTML хуудсаар хариулна; юу ч хийхгүй",
    "502-after": "хүсэлтийг гүйцэтгээд 502 хариулна",
    "503": "Retry-After-гүй 503 хариулна",
    "503-retry-after": "Retry-After-тай 503 хариулна",
    "429": "Retry-After-тай 429 хариулна",
    "401": "401 NO_CREDENTIALS хариулна",
    "reset-before": "хүсэлтийг уншаад холболтыг таслана; юу ч хийхгүй",
    "reset-after": "хүсэлтийг гүйцэтгээд холболтыг таслана",
    "hang": "хэзээ ч хариулахгүй",
    "slow": "удаан хариулна",
    "drip": "хариуг нэг нэг байтаар илгээнэ",
    "cut-off": "хүсэлтийг гүйцэтгээд хариуны хагасыг илгээнэ",
    "malformed": "хүсэлтийг гүйцэтгээд буруу JSON илгээнэ",
    "html": "хүсэлтийг гүйцэтгээд 200 HTML хуудас илгээнэ",
    "empty": "хүсэлтийг гүйцэтгээд 200 хоосон хариу илгээнэ",
    "unknown-status": "үл мэдэгдэх payment_status илгээнэ",
    "no-status": "payment_status-ийг орхино",
    "null": "бүх утгыг null болгож илгээнэ",
    "no-payment-ids": "мөр бүрээс payment_id-г орхино",
    "numeric-ids": "payment_id-г JSON тоогоор илгээнэ: эхний тэг алга болно",
    "rows-twice": "хуудасны мөр бүрийг хоёр удаа бичиж, хоёр гэж тоолно",
    "rows-again": "хуудас бүрд эхний хуудасны мөрүүдийг давтаж, хоёр дахин тоолно",
    "no-object-id": "төлбөрөөс object_id-г орхино",
    "no-callback-url": "GET /invoice-ийн хариунаас callback_url-ыг орхино",
    "null-callback-url": "callback_url-д null илгээнэ",
    "empty-callback-url": "callback_url-ыг хоосон илгээнэ",
    "cut-callback-url": "callback_url-ыг параметргүй илгээнэ",
    "escaped-callback-url": "callback_url-ыг HTML-ээр хувиргана: & тэмдэг &amp; болно",
    "no-sender-invoice-no": "GET /invoice-ийн хариунаас sender_invoice_no-г орхино",
    "zero-total": "нэхэмжлэхийн total_amount-д 0.00 илгээнэ",
    "negative-total": "нэхэмжлэхийн total_amount-ыг хасах тэмдэгтэй илгээнэ",
    "huge-amounts": "бүх дүнд 9e999999 илгээнэ",
    "long-amounts": "бүх дүнд 1234567890123456 илгээнэ: боломжтойгоос нэг оронгоор урт",
    "drop": "callback огт илгээхгүй",
    "double": "callback хоёр удаа илгээнэ",
    "delay": "callback хожуу илгээнэ",
    "reorder": "callback-ийг дараагийнх нь дараа илгээнэ",
    "forge": "байхгүй төлбөрийн дугаартай callback илгээнэ",
    "post": "callback-ийг POST-оор, хуучин баримт бичгийн JSON биетэй илгээнэ",
}


MONGOLIAN_ERRORS = {
    "there is nothing to pay on invoice {invoice}": "{invoice} нэхэмжлэхэд төлөх дүн алга",
    "a payment is at most {most} MNT": "төлбөр {most} MNT-өөс ихгүй байна",
    "invoice {invoice} is cancelled": "{invoice} нэхэмжлэх цуцлагдсан",
    "invoice {invoice} has expired": "{invoice} нэхэмжлэхийн хугацаа дууссан",
    "the method must be P2P or CARD": "төлөх хэлбэр нь P2P эсвэл CARD байна",
    "there is no fault {kind}; there are: {known}": "{kind} гэсэн гэмтэл алга; {known} бий",
    "times must be 1 or more, or all": "удаа нь 1 ба түүнээс их тоо эсвэл all байна",
    "the share must be from 0 to 1": "хувь нь 0-ээс 1 хүртэл байна",
    "a fault is written as 'POST /invoice 500 x3', and not as '{line}'": "гэмтлийг "
    "'POST /invoice 500 x3' гэж бичнэ, '{line}' гэж биш",
    "there is no such action": "ийм үйлдэл алга",
    "an amount is written in digits, with a point before decimals": "дүнг цифрээр, бутархайн өмнө "
    "цэгтэй бичнэ",
    "'{text}' is not a number": "'{text}' тоо биш",
}


def translate(name: str, language: str) -> str:
    """Return a text in "en" or "mn"; what is not in the table is returned as it is."""
    english, mongolian = TEXTS.get(name, (name, name))
    return mongolian if language == "mn" else english


def explain_fault(kind: str, language: str) -> str:
    """Say in "en" or "mn" what a kind of fault does."""
    return MONGOLIAN_FAULTS[kind] if language == "mn" else (KINDS | CALLBACK_FAULTS)[kind]


def explain_error(error: ValueError, language: str) -> str:
    """Say in "en" or "mn" why something cannot be done."""
    if isinstance(error, ErrorResponse):
        return translate("no_such_thing", language)
    if isinstance(error, ActionError) and language == "mn":
        return MONGOLIAN_ERRORS[error.text].format(**error.values)
    return str(error)
