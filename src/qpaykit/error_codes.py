"""QPay's error codes: what each means and what to do about it, in English and Mongolian.

The official texts are QPay's own, with their spelling mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ErrorKind(Enum):
    """What a code means for the caller; each kind has an error class of its own."""

    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    INVALID_REQUEST = "invalid request"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One of QPay's error codes.

    Attributes:
        code: QPay's code, such as "INVOICE_NOTFOUND".
        english: What it means.
        mongolian: The same in Mongolian.
        advice: What to do about it.
        advice_mn: The same in Mongolian.
        kind: What the code means for the caller; None where the HTTP status decides.
        listed: Whether it is in QPay's own table; the others were only seen in answers.
    """

    code: str
    english: str
    mongolian: str
    advice: str
    advice_mn: str
    kind: ErrorKind | None
    listed: bool


_EXACT = {
    "AUTHENTICATION_FAILED": ErrorKind.AUTHENTICATION,
    "NO_CREDENTIALS": ErrorKind.AUTHENTICATION,
    "NO_CREDENDIALS": ErrorKind.AUTHENTICATION,
    "PERMISSION_DENIED": ErrorKind.PERMISSION,
    "INVOICE_PAID": ErrorKind.CONFLICT,
    "PAYMENT_SETTLED": ErrorKind.CONFLICT,
    "CUSTOMER_DUPLICATE": ErrorKind.CONFLICT,
    "QRCODE_USED": ErrorKind.CONFLICT,
    "SYSTEM_BUSY": ErrorKind.SERVER,
    "TypeError": ErrorKind.SERVER,
}
_ENDINGS = {
    "_NOTFOUND": ErrorKind.NOT_FOUND,
    "_NOT_FOUND": ErrorKind.NOT_FOUND,
    "_DUPLICATED": ErrorKind.CONFLICT,
    "_CODE_REGISTERED": ErrorKind.CONFLICT,
    "_REQUIRED": ErrorKind.INVALID_REQUEST,
    "_INVALID": ErrorKind.INVALID_REQUEST,
    "_AMOUNT_ERR": ErrorKind.INVALID_REQUEST,
}
_BEGINNINGS = {
    "INVALID_": ErrorKind.INVALID_REQUEST,
    "MAX_": ErrorKind.INVALID_REQUEST,
    "MIN_": ErrorKind.INVALID_REQUEST,
}


def kind_of(code: str | None, *, by_form: bool = True) -> ErrorKind | None:
    """Return the kind of a code; None where only the HTTP status tells it.

    Args:
        code: QPay's code; None where it sent none.
        by_form: Whether a code that is not in `ERROR_CODES` is read by its form.
    """
    if code is None or not (by_form or code in ERROR_CODES):
        return None
    if code in _EXACT:
        return _EXACT[code]
    if "_ALREADY_" in code:
        return ErrorKind.CONFLICT
    for ending, kind in _ENDINGS.items():
        if code.endswith(ending):
            return kind
    for beginning, kind in _BEGINNINGS.items():
        if code.startswith(beginning):
            return kind
    return None


# fmt: off
_LISTED: tuple[tuple[str, str, str, str, str], ...] = (
    ("ACCOUNT_BANK_DUPLICATED", "Bank account is already registered!", "Банкны данс давхацсан байна", "Use the account that is registered already.", "Бүртгэлтэй дансаа ашиглана уу."),
    ("ACCOUNT_SELECTION_INVALID", "Account selection is invalid!", "Дансны сонголт буруу", "Check the bank accounts in transactions.", "transactions доторх дансуудаа шалгана уу."),
    ("AUTHENTICATION_FAILED", "Your username and password are wrong!", "Нэвтрэх нэр нууц үг буруу", "Check QPAY_USERNAME and QPAY_PASSWORD, for Quick QR QPAY_QUICKQR_…, and that they are for this base_url.", "QPAY_USERNAME, QPAY_PASSWORD хоёрыг, Quick QR бол QPAY_QUICKQR_…, мөн base_url-тэй тохирч байгаа эсэхийг шалгана уу."),
    ("BANK_ACCOUNT_NOTFOUND", "Bank account is not found!", "Банкны данс олдсонгүй", "Check the account number and bank code in transactions, for Quick QR in bank_accounts.", "transactions (Quick QR бол bank_accounts) доторх дансны дугаар, банкны кодоо шалгана уу."),
    ("BANK_MCC_ALREADY_ADDED", "Bank MCC is already added!", "Банкны MCC кодыг нэмчихсэн байна", "Nothing is left to do: the MCC is there.", "Өөр хийх зүйл алга: MCC нэмэгдсэн байна."),
    ("BANK_MCC_NOT_FOUND", "Bank MCC is not found!", "Банкны MCC код олдсонгүй", "Check the MCC with QPay.", "MCC кодоо QPay-ээс лавлана уу."),
    ("CARD_TERMINAL_NOTFOUND", "Card terminal is not registered!", "Картын терминал бүртгэлгүй байна", "Ask QPay to register a card terminal for this merchant.", "Картын терминал бүртгүүлэхээр QPay-д хандана уу."),
    ("CLIENT_NOTFOUND", "Client is not registered!", "Клиентийн бүртгэл олдсонгүй", "Check QPAY_USERNAME, and that it is for this base_url.", "QPAY_USERNAME болон base_url-аа шалгана уу."),
    ("CLIENT_USERNAME_DUPLICATED", "Client username is already exist!", "Клиентийн хэрэглэгчийн нэр давхацсан", "Choose another user name.", "Өөр хэрэглэгчийн нэр сонгоно уу."),
    ("CUSTOMER_DUPLICATE", "Customer register duplicated!", "Харилцагчийн регистрийн дугаар давхацсан байна!", "Use the customer that is registered already.", "Бүртгэлтэй харилцагчийг ашиглана уу."),
    ("CUSTOMER_NOTFOUND", "Customer not registered!", "Харилцагч бүртгэгдээгүй байна!", "Register the customer with QPay first.", "Харилцагчийг эхлээд QPay-д бүртгүүлнэ үү."),
    ("CUSTOMER_REGISTER_INVALID", "Customer register is wrong!", "Харилцагч регистрийн дугаар байна!", "Check the register number.", "Регистрийн дугаараа шалгана уу."),
    ("EBARIMT_CANCEL_NOTSUPPERDED", "qPay service eBarimt unregister function not supported", "qPay үйлчилгээ и-баримтыг цуцлах боломжгүй байна.", "Cancel the receipt where it was made: QPay cannot.", "Баримтыг үүсгэсэн газар нь цуцлуулна уу: QPay цуцалж чадахгүй."),
    ("EBARIMT_NOT_REGISTERED", "eBarimt not registered!", "и-Баримт үүсээгүй байна.", "Make the receipt first, with ebarimt.create.", "Эхлээд ebarimt.create дуудаж баримт үүсгэнэ үү."),
    ("EBARIMT_QR_CODE_INVALID", "eBarimt QR code invalid by merchant", "Төлбөр хүлээн авагчийн илгээсэн и-баримт-ын QR код буруу байна.", "Check the e-barimt QR code that was sent.", "Илгээсэн и-баримтын QR кодоо шалгана уу."),
    ("INFORM_NOTFOUND", "Inform is not found!", "Мэдэгдэлийн хаяг олдсонгүй", "Check the address for notices with QPay.", "Мэдэгдлийн хаягаа QPay-ээс лавлана уу."),
    ("INPUT_CODE_REGISTERED", "Input code is already registered!", "Input code бүртгэгдсэн байна", "Choose another input code.", "Өөр input code сонгоно уу."),
    ("INPUT_NOTFOUND", "Input is not found!", "Input олдсонгүй", "Check the input's code.", "Input кодоо шалгана уу."),
    ("INVALID_AMOUNT", "Amount is invalid!", "Үнийн дүн буруу", "Check amount: above 0, at most two decimals, within the invoice's limits.", "amount-аа шалгана уу: 0-ээс их, таслалаас хойш хоёр хүртэл орон, нэхэмжлэхийн хязгаарт багтсан байх ёстой."),
    ("INVALID_OBJECT_TYPE", "Object type is invalid!", "object_type буруу", "Use INVOICE, QR or ITEM for a check, and MERCHANT, INVOICE or QR for a list.", "Шалгахад INVOICE, QR, ITEM; жагсаалтад MERCHANT, INVOICE, QR ашиглана уу."),
    ("INVOICE_ALREADY_CANCELED", "Invoice is already cancelled!", "Нэхэмжлэл цуцлагдсан байна", "Nothing is left to do: the invoice is cancelled.", "Өөр хийх зүйл алга: нэхэмжлэх цуцлагдсан байна."),
    ("INVOICE_CODE_INVALID", "Invoice code is wrong!", "Нэхэмжлэлийн код буруу", "Check QPAY_INVOICE_CODE: QPay gives it with the account; e-barimt has its own.", "QPAY_INVOICE_CODE-оо шалгана уу; и-баримтын нэхэмжлэх өөрийн кодтой."),
    ("INVOICE_CODE_REGISTERED", "Invoice code is already registered!", "Нэхэмжлэлийн код бүртгэгдсэн байна", "Use another number, and check whether this invoice exists already.", "Өөр дугаар ашиглаж, энэ нэхэмжлэх аль хэдийн үүссэн эсэхийг шалгана уу."),
    ("INVOICE_LINE_REQUIRED", "Invoice line is required!", "Нэхэмжлэлийн мөр шаардлагатай", "Give the invoice lines.", "Нэхэмжлэхэд lines (мөр) нэмнэ үү."),
    ("INVOICE_NOTFOUND", "Invoice is not found!", "Нэхэмжлэл олдсонгүй", "Check the invoice_id; a payment's id is not an invoice's.", "invoice_id-аа шалгана уу; төлбөрийн дугаар нэхэмжлэхийн дугаар биш."),
    ("INVOICE_PAID", "Invoice is paid!", "Нэхэмжлэл төлөгдсөн", "The invoice is paid: deliver it; to undo it, refund its payment.", "Нэхэмжлэх төлөгдсөн: захиалгыг хүргэнэ үү; буцаах бол төлбөрийг нь буцаана уу."),
    ("INVOICE_RECEIVER_DATA_ADDRESS_REQUIRED", "Invoice receiver address is required!", "Нэхэмжлэл хүлээн авагчийн хаягийн мэдээлэл шаардлагатай", "Give invoice_receiver_data.address.", "invoice_receiver_data.address өгнө үү."),
    ("INVOICE_RECEIVER_DATA_EMAIL_REQUIRED", "Invoice receiver email is required!", "Нэхэмжлэл хүлээн авагчийн имэйл хаяг шаардлагатай", "Give invoice_receiver_data.email.", "invoice_receiver_data.email өгнө үү."),
    ("INVOICE_RECEIVER_DATA_PHONE_REQUIRED", "Invoice receiver phone is required!", "Нэхэмжлэл хүлээн авагчийн утасны дугаар шаардлагатай", "Give invoice_receiver_data.phone.", "invoice_receiver_data.phone өгнө үү."),
    ("INVOICE_RECEIVER_DATA_REQUIRED", "Invoice receiver data is required!", "Нэхэмжлэл хүлээн авагчийн мэдээлэл шаардлагатай", "Give invoice_receiver_data.", "invoice_receiver_data өгнө үү."),
    ("MAX_AMOUNT_ERR", "Amount is over than max value!", "Үнийн дүн хэт их байна", "Lower the amount, or ask QPay to raise the merchant's limit.", "Дүнг багасгах, эсвэл хязгаараа нэмүүлэхээр QPay-д хандана уу."),
    ("MCC_NOTFOUND", "MCC is not found!", "MCC код олдсонгүй", "Check the MCC with QPay.", "MCC кодоо QPay-ээс лавлана уу."),
    ("MERCHANT_ALREADY_REGISTERED", "Merchant is already registered!", "Мерчантын бүртгэл давхацсан", "Use the merchant that is registered already.", "Бүртгэлтэй мерчантыг ашиглана уу."),
    ("MERCHANT_INACTIVE", "Merchant is inactive!", "Мерчант идэвхигүй", "Ask QPay to activate the merchant.", "Мерчантыг идэвхжүүлэхээр QPay-д хандана уу."),
    ("MERCHANT_NOTFOUND", "Merchant is not registered!", "Мерчант бүртгэлгүй байна", "Check the merchant's id: Quick QR finds only the sub-merchants of this login.", "Мерчантын дугаараа шалгана уу: Quick QR зөвхөн энэ эрхийн дэд мерчантыг олно."),
    ("MIN_AMOUNT_ERR", "Amount is less than minimum value!", "Үнийн дүн хэт бага байна", "Raise the amount above QPay's minimum.", "Дүнг QPay-ийн доод хэмжээнээс дээш болгоно уу."),
    ("NO_CREDENDIALS", "Your credential is invalid. Please login!", "Хандах эрхгүй байна. Нэвтрэнэ үү.", "The token was refused: check that no other program logs in to this account without sharing the store.", "Токен хүчингүй: энэ эрхээр өөр программ store хуваалцалгүй нэвтэрч байгаа эсэхийг шалгана уу."),
    ("OBJECT_DATA_ERROR", "Object data is wrong!", "object_data алдаа", "Check object_type and object_id.", "object_type, object_id хоёрыг шалгана уу."),
    ("P2P_TERMINAL_NOTFOUND", "P2P terminal is not registered!", "P2P терминал бүртгэлгүй байна", "Ask QPay to register a P2P terminal for this merchant.", "P2P терминал бүртгүүлэхээр QPay-д хандана уу."),
    ("PAYMENT_ALREADY_CANCELED", "Payment is already cancelled!", "Төлбөр цуцлагдсан байна", "Nothing is left to do: the payment is cancelled.", "Өөр хийх зүйл алга: төлбөр цуцлагдсан байна."),
    ("PAYMENT_NOTFOUND", "Payment is not found!", "Төлбөр олдсонгүй", "Check the payment_id: it is text, and may begin with a zero.", "payment_id-аа шалгана уу: энэ нь текст бөгөөд тэгээр эхэлж болно."),
    ("PAYMENT_NOT_PAID", "Payment is not paid!", "Төлбөр төлөлт хийгдээгүй байна", "Wait until the payment is paid, then ask again.", "Төлбөр төлөгдсөний дараа дахин дуудна уу."),
    ("PERMISSION_DENIED", "Your access permission is not allowed!", "Хандах эрх хүрэхгүй байна", "Ask QPay for the right, and check object_id: for INVOICE it is the invoice code.", "QPay-ээс эрх авч, object_id-аа шалгана уу: INVOICE үед энэ нь нэхэмжлэхийн код."),
    ("QRACCOUNT_INACTIVE", "QR account is inactive!", "QR данс идэвхигүй", "Ask QPay to activate the QR account.", "QR дансыг идэвхжүүлэхээр QPay-д хандана уу."),
    ("QRACCOUNT_NOTFOUND", "QR account is not found!", "QR данс олдсонгүй", "Check the QR account with QPay.", "QR дансаа QPay-ээс лавлана уу."),
    ("QRCODE_NOTFOUND", "QR code is not found!", "QR код олдсонгүй", "Check the QR text.", "QR текстээ шалгана уу."),
    ("QRCODE_USED", "QR code is already used!", "QR код ашиглагдаж байна", "Make a new invoice: this QR code is used.", "Шинэ нэхэмжлэх үүсгэнэ үү: энэ QR код ашиглагдсан."),
    ("SENDER_BRANCH_DATA_REQUIRED", "Sender branch data is required!", "Илгээгчийн салбарын мэдээлэл шаардлагатай", "Give sender_branch_data.", "sender_branch_data өгнө үү."),
    ("TAX_LINE_REQUIRED", "Tax line is required!", "Татварын мөр шаардлагатай", "Give every line its taxes: InvoiceLine.with_vat computes them.", "Мөр бүрд taxes өгнө үү: InvoiceLine.with_vat тооцоолж өгдөг."),
    ("TAX_PRODUCT_CODE_REQUIRED", "Tax product code is required!", "Татварын бүтээгдэхүүний код шаардлагатай", "Give every line a tax_product_code: tax types 2 and 3 need one.", "Мөр бүрд tax_product_code өгнө үү: татварын 2, 3 төрөлд заавал хэрэгтэй."),
    ("TRANSACTION_NOT_APPROVED", "Transaction line is not approved!", "Гүйлгээний мөр зөвшөөрөгдөөгүй байна", "Check the transactions with QPay.", "transactions-оо QPay-ээс лавлана уу."),
    ("TRANSACTION_REQUIRED", "Transaction line is required!", "Гүйлгээний мөр шаардлагатай байна", "Give the invoice transactions.", "Нэхэмжлэхэд transactions нэмнэ үү."),
)
_SEEN: tuple[tuple[str, str, str, str, str], ...] = (
    ("NO_CREDENTIALS", "The token is missing, expired or revoked.", "Токен байхгүй, хугацаа нь дууссан эсвэл хүчингүй байна", "The token was refused: check that no other program logs in to this account without sharing the store.", "Токен хүчингүй: энэ эрхээр өөр программ store хуваалцалгүй нэвтэрч байгаа эсэхийг шалгана уу."),
    ("PAYMENT_SETTLED", "The payment is settled and cannot be taken back.", "Төлбөрийн тооцоо хийгдсэн тул буцаах боломжгүй", "Pay the buyer back by a bank transfer: only card payments can be refunded.", "Худалдан авагчид банкны шилжүүлгээр буцаана уу: зөвхөн картын төлбөрийг буцаах боломжтой."),
    ("SYSTEM_BUSY", "QPay is busy.", "Систем завгүй байна", "Try again in a moment.", "Түр хүлээгээд дахин оролдоно уу."),
    ("BARIMT_NOT_FOUND", "The tax receipt is not found.", "Баримт олдсонгүй", "Check the receipt's id.", "Баримтын дугаараа шалгана уу."),
    ("TypeError", "QPay has an internal error.", "QPay-ийн дотоод алдаа гарлаа", "Try again; if it stays, report it to QPay.", "Дахин оролдоно уу; арилахгүй бол QPay-д мэдэгдэнэ үү."),
    ("VAT_AMOUNT_INVALID", "A line's VAT is not what QPay computes.", "Мөрийн НӨАТ-ын дүн буруу", "Make the line with InvoiceLine.with_vat.", "Мөрийг InvoiceLine.with_vat ашиглан үүсгэнэ үү."),
    ("CLASSIFICATION_CODE_INVALID", "A line's classification code is wrong.", "Мөрийн бүтээгдэхүүний ангиллын код буруу", "Check classification_code: seven digits of the tax office's list.", "classification_code-оо шалгана уу: татварын албаны жагсаалтын долоон оронтой код."),
    ("MAX_LENGTH", "A value is too long.", "Утга хэт урт байна", "Shorten the field that is named.", "Нэрлэсэн талбарыг богиносгоно уу."),
    ("MIN_NUMBER", "A number is too small.", "Тоо хэт бага байна", "Raise the field that is named.", "Нэрлэсэн талбарын утгыг нэмнэ үү."),
)
# fmt: on

ERROR_CODES: Mapping[str, ErrorCode] = MappingProxyType(
    {
        row[0]: ErrorCode(*row, kind=kind_of(row[0]), listed=listed)
        for rows, listed in ((_LISTED, True), (_SEEN, False))
        for row in rows
    }
)
"""Every known error code of QPay."""
