/* Shared by the parser and the renderer of templates. */
#ifndef USHERD_TEMPLATE_TEMPLATE_PRIVATE_H
#define USHERD_TEMPLATE_TEMPLATE_PRIVATE_H

#include "template/template.h"

enum template_step_kind { STEP_LITERAL, STEP_VALUE, STEP_SECTION, STEP_INVERTED, STEP_END };
enum template_escape { ESCAPE_TEXT, ESCAPE_ATTRIBUTE, ESCAPE_URL, ESCAPE_PLAIN };

struct template_step {
	enum template_step_kind kind;
	enum template_escape escape; /* of a value */
	const char *text;	     /* a literal, or a name */
	size_t len;
	size_t end; /* of a section: the index of its STEP_END */
};

struct template
{
	struct template_step *steps;
	size_t count, cap;
};

#endif
