/* Shared by the parser and the renderer of templates. */
#ifndef USHERD_WEB_WEB_TEMPLATE_PRIVATE_H
#define USHERD_WEB_WEB_TEMPLATE_PRIVATE_H

#include "web/web_template.h"

enum web_step_kind { STEP_LITERAL, STEP_VALUE, STEP_SECTION, STEP_INVERTED, STEP_END };
enum web_escape { ESCAPE_TEXT, ESCAPE_ATTRIBUTE, ESCAPE_URL };

struct web_step {
	enum web_step_kind kind;
	enum web_escape escape; /* of a value */
	const char *text;	/* a literal, or a name */
	size_t len;
	size_t end; /* of a section: the index of its STEP_END */
};

struct web_template {
	struct web_step *steps;
	size_t count, cap;
};

#endif
