/* Writes every mail of the built-in templates to a directory, to be looked at in a browser, a
 * terminal and a mail program: preview_mail DIRECTORY [WORDS]. With WORDS everybody is called so,
 * and so are their positions, org units and the reason. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mail.h"

static const char *const kinds[] = { "invitation", "reminder", "welcome", "completed",
	"undeliverable" };
static const char *const languages[] = { "de", "en", "vi" };
static const struct mail_sender sender = { .organisation = "Northwind Institute",
	.from = "invitations@northwind.example",
	.id_domain = "northwind.example",
	.reply_to = "people@northwind.example",
	.sign_in_url = "https://sign-in.northwind.example/",
	.help_contact = "helpdesk@northwind.example" };

static void
preview_write(const char *folder, const struct mail_facts *facts, const char *suffix,
    const char *text, size_t len)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%s.%s", folder, facts->language, facts->kind, suffix);
	file = fopen(path, "we");
	if (file == NULL || fwrite(text, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static struct mail_facts
preview_facts(const char *kind, const char *language, const char *words)
{
	struct mail_facts facts = { .kind = kind,
		.language = language,
		.invitation = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b",
		.item = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1c",
		.attempt = 1,
		.to = "somebody@mail.example",
		.name = *language == 'v' ? "Nguyễn Thị Lan" : "Ada Löwenherz",
		.given_name = *language == 'v' ? "Lan" : "Ada",
		.inviter = *language == 'v' ? "Trần Văn Minh" : "Jörg Weißmüller",
		.uid = *language == 'v' ? "lan.nguyen" : "ada.loewenherz",
		.position = "Data analyst",
		.org_unit = "Research & Development",
		.link = "https://join.northwind.example/join/"
			"usher_j_Qm9yZGVyQ29sbGllc0FyZVZlcnlHb29kRG9ncw_3kTz9w",
		.reason = "550 5.1.1 <somebody@mail.example>: Recipient address rejected: User "
			  "unknown in virtual mailbox table",
		.expires_at = 1796401800000,
		.now = 1795800000000 };

	if (words != NULL) {
		facts.name = facts.given_name = facts.inviter = words;
		facts.position = facts.org_unit = facts.reason = words;
	}
	return facts;
}

static void
preview_one(const char *folder, const struct mail_templates *t, const struct mail_facts *facts)
{
	struct secret *message;
	struct fault f;
	struct mail *m;

	if (mail_compose(&m, t, &sender, facts, &f) != ERR_OK ||
	    (message = mail_text(m, &f)) == NULL) {
		fprintf(stderr, "%s %s: %s\n", facts->language, facts->kind, f.text);
		exit(1);
	}
	preview_write(folder, facts, "txt", m->text, strlen(m->text));
	preview_write(folder, facts, "html", m->html, strlen(m->html));
	preview_write(folder, facts, "eml", secret_bytes(message), secret_len(message));
	secret_free(message);
	mail_free(m);
}

int
main(int argc, char **argv)
{
	static struct mail_template_errors errors;
	struct mail_templates *t = mail_templates_load(NULL, "en", &errors);

	if (argc < 2 || argc > 3 || sodium_init() < 0 || t == NULL) {
		fprintf(stderr, "usage: preview_mail DIRECTORY [WORDS]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
			const struct mail_facts facts =
			    preview_facts(kinds[j], languages[i], argv[2]);

			preview_one(argv[1], t, &facts);
		}
	mail_templates_free(t);
	return 0;
}
