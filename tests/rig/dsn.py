"""Delivery status notifications as mail systems write them (RFC 3464), and reports that are none: built around the
mail that came back."""

import email.utils

# How a system looks: who it is from, its boundary, how it begins, and its own fields of a recipient.
STYLES = {
    "postfix": {
        "from": "MAILER-DAEMON@mx.elsewhere.example (Mail Delivery System)",
        "subject": "Undelivered Mail Returned to Sender",
        "boundary": "4F9D1C0A2B.1764172800/mx.elsewhere.example",
        "words": "This is the mail system at host mx.elsewhere.example.\n\nI'm sorry to have to inform you that your "
                 "message could not\nbe delivered to one or more recipients. It's attached below.\n\n<{recipient}>: host "
                 "mx2.elsewhere.example[192.0.2.7] said: {diagnostic}\n    (in reply to RCPT TO command)",
        "global": "Reporting-MTA: dns; mx.elsewhere.example\nX-Postfix-Queue-ID: 4F9D1C0A2B\nX-Postfix-Sender: rfc822; "
                  "{sender}\nArrival-Date: Thu, 26 Nov 2026 16:00:00 +0000 (UTC)",
        "recipient": "Final-Recipient: rfc822; {recipient}\nOriginal-Recipient: rfc822;{recipient}\nAction: {action}\n"
                     "Status: {status}\nRemote-MTA: dns; mx2.elsewhere.example\nDiagnostic-Code: smtp; {diagnostic}",
        "original": "message/rfc822",
    },
    "exim": {
        "from": "Mail Delivery System <Mailer-Daemon@mx.elsewhere.example>",
        "subject": "Mail delivery failed: returning message to sender",
        "boundary": "1764172800-eximdsn-1234567890",
        "words": "This message was created automatically by mail delivery software.\n\nA message that you sent could not "
                 "be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) "
                 "failed:\n\n  {recipient}\n    host mx2.elsewhere.example [192.0.2.7]\n    SMTP error from remote mail "
                 "server after RCPT TO:<{recipient}>:\n    {diagnostic}",
        "global": "Reporting-MTA: dns; mx.elsewhere.example",
        "recipient": "Action: {action}\nFinal-Recipient: rfc822;{recipient}\nStatus: {status}\nRemote-MTA: dns; "
                     "mx2.elsewhere.example\nDiagnostic-Code: smtp; {diagnostic}",
        "original": "text/rfc822-headers",
        "headers": "X-Failed-Recipients: {recipient}\n",
    },
    "exchange": {
        "from": "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@elsewhere.example>",
        "subject": "Undeliverable: You are invited",
        "boundary": "_000_AM0PR01MB1234elsewhereexamp_",
        "words": "Delivery has failed to these recipients or groups:\n\n{recipient}<mailto:{recipient}>\nThe email address "
                 "you entered couldn't be found. Please check the\nrecipient's email address and try to resend the message.",
        "global": "Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.example\nReceived-From-MTA: dns;mx.example\n"
                  "Arrival-Date: Thu, 26 Nov 2026 16:00:00 +0000",
        "recipient": "Original-Recipient: rfc822;{recipient}\nFinal-Recipient: rfc822;{recipient}\nAction: {action}\n"
                     "Status: {status}\nDiagnostic-Code: smtp;{diagnostic}\nX-Display-Name: {recipient}",
        "original": "message/rfc822",
    },
}
NO_MAILBOX = "550 5.1.1 <{recipient}>: Recipient address rejected:\n    User unknown in virtual mailbox table"


def report(mail, style="postfix", action="failed", status="5.1.1", diagnostic=NO_MAILBOX, to=None, original=None):
    """The bytes of a report about a mail of the sink. `to`: where it goes to, instead of the mail's sender; `original`:
    what is shown of the mail, instead of its headers or itself."""
    facts = {"recipient": mail.recipient, "sender": mail.sender, "action": action, "status": status}
    facts["diagnostic"] = diagnostic.format(**facts)
    look = STYLES[style]
    if original is None:
        original = mail.content.decode("ascii", "replace")
        if look["original"] == "text/rfc822-headers":
            original = original.partition("\r\n\r\n")[0]
    boundary = look["boundary"]
    headers = (f"Return-Path: <>\nFrom: {look['from']}\nTo: {to or mail.sender}\nSubject: {look['subject']}\n"
               f"Date: {email.utils.formatdate()}\nMessage-ID: <20261126160000.4F9D1C0A2B@mx.elsewhere.example>\n"
               f"Auto-Submitted: auto-replied\n{look.get('headers', '').format(**facts)}MIME-Version: 1.0\n"
               f'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="{boundary}"\n\n'
               "This is a MIME-encapsulated message.\n")
    parts = [
        "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n"
        + look["words"].format(**facts),
        "Content-Description: Delivery report\nContent-Type: message/delivery-status\n\n"
        + look["global"].format(**facts) + "\n\n" + look["recipient"].format(**facts),
        f"Content-Description: Undelivered Message\nContent-Type: {look['original']}\n\n" + original,
    ]
    body = "".join(f"\n--{boundary}\n{part}\n" for part in parts) + f"\n--{boundary}--\n"
    return "\r\n".join((headers + body).replace("\r\n", "\n").split("\n")).encode()


def words_only(mail):
    """How qmail tells it: to nobody but a person."""
    text = (f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.elsewhere.example\nTo: {mail.sender}\nSubject: failure notice\n\n"
            "Hi. This is the qmail-send program at mx.elsewhere.example.\nI'm afraid I wasn't able to deliver your "
            f"message to the following addresses.\n\n<{mail.recipient}>:\nSorry, no mailbox here by that name. (#5.1.1)\n")
    return text.replace("\n", "\r\n").encode()


def vacation(mail):
    """An answer of a person's mailbox, which is no report at all."""
    text = (f"From: {mail.recipient}\nTo: {mail.sender}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\n"
            "I am away until Monday.\n")
    return text.replace("\n", "\r\n").encode()
