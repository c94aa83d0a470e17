/* Writes every mail of the built-in templates to a directory, to be looked at in a browser and a
 * terminal: preview_mail DIRECTORY. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "mail/mail.h"

static const char *const kinds[] = { "invitation", "reminder", "welcome", "completed",
	"undeliverable" };

static void
write_file(const char *folder, const char *language, const char *kind, const char *suffix,
    const char *subject, const char *text)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%s%s", folder, language, kind, suffix);
	file = fopen(path, "we");
	if (file == NULL) {
		perror(path);
		exit(1);
	}
	if (subject != NULL)
		fprintf(file, "Subject: %s\n\n", subject);
	fputs(text, file);
	fclose(file);
}

int
main(int argc, char **argv)
{
	static struct mail_template_errors errors;
	static const struct mail_sender sender = { .organisation = "Northwind Institute",
		.from = "invitations@northwind.example",
		.id_domain = "northwind.example",
		.sign_in_url = "https://sign-in.northwind.example/",
		.help_contact = "helpdesk@northwind.example" };
	struct mail_facts facts = { .invitation = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b",
		.item = "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1c",
		.attempt = 1,
		.to = "somebody@mail.example",
		.position = "Data analyst",
		.org_unit = "Research & Development",
		.link = "https://join.northwind.example/join/"
			"usher_j_Qm9yZGVyQ29sbGllc0FyZVZlcnlHb29kRG9ncw_3kTz9w",
		.reason = "550 5.1.1 <somebody@mail.example>: Recipient address rejected: User "
			  "unknown in virtual mailbox table",
		.expires_at = 1796401800000,
		.now = 1795800000000 };
	struct mail_templates *t = mail_templates_load(NULL, "en", &errors);

	if (argc != 2 || sodium_init() < 0 || t == NULL) {
		for (size_t i = 0; i < errors.count; i++)
			fprintf(stderr, "%s\n", errors.items[i].text);
		fprintf(stderr, "usage: preview_mail DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < mail_language_count(t); i++)
		for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
			const char *language = mail_language_at(t, i);
			struct fault f;
			struct mail *m;

			facts.kind = kinds[j];
			facts.language = language;
			facts.name = *language == 'v' ? "Nguyễn Thị Lan" : "Ada Löwenherz";
			facts.given_name = *language == 'v' ? "Lan" : "Ada";
			facts.inviter = *language == 'v' ? "Trần Văn Minh" : "Jörg Weißmüller";
			facts.uid = *language == 'v' ? "lan.nguyen" : "ada.loewenherz";
			if (mail_compose(&m, t, &sender, &facts, &f) != ERR_OK) {
				fprintf(stderr, "%s %s: %s\n", language, kinds[j], f.text);
				return 1;
			}
			write_file(argv[1], language, kinds[j], ".txt",
			    mail_header_of(m, "Subject"), m->text);
			write_file(argv[1], language, kinds[j], ".html", NULL, m->html);
			mail_free(m);
		}
	mail_templates_free(t);
	return 0;
}
