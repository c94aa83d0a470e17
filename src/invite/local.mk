noinst_LIBRARIES += libinvite.a
libinvite_a_SOURCES = \
	src/invite/invitation.c src/invite/invitation.h \
	src/invite/person.c src/invite/person.h src/invite/person_private.h \
	src/invite/person_contact.c \
	src/invite/person_text.c \
	src/invite/person_value.c \
	src/invite/token.c src/invite/token.h \
	src/invite/uid.c src/invite/uid.h \
	src/invite/uid_reserved.c
