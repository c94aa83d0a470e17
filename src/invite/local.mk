noinst_LIBRARIES += libinvite.a
libinvite_a_SOURCES = \
	src/invite/blocklist.c \
	src/invite/invitation.c src/invite/invitation.h \
	src/invite/password.c src/invite/password.h src/invite/password_private.h \
	src/invite/person.c src/invite/person.h src/invite/person_private.h \
	src/invite/person_contact.c \
	src/invite/person_text.c \
	src/invite/person_value.c \
	src/invite/token.c src/invite/token.h \
	src/invite/uid.c src/invite/uid.h \
	src/invite/uid_reserved.c

EXTRA_DIST += conf/passwords-blocked.txt

check_PROGRAMS += \
	tests/unit/test_base \
	tests/unit/test_invitation \
	tests/unit/test_json \
	tests/unit/test_password \
	tests/unit/test_person \
	tests/unit/test_person_field \
	tests/unit/test_person_name \
	tests/unit/test_token \
	tests/unit/test_uid

tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_invitation_SOURCES = tests/unit/test_invitation.c
tests_unit_test_invitation_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_json_SOURCES = tests/unit/test_json.c
tests_unit_test_json_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_password_SOURCES = tests/unit/test_password.c
tests_unit_test_password_CPPFLAGS = $(AM_CPPFLAGS) -DPASSWORDS_BLOCKED='"$(abs_srcdir)/conf/passwords-blocked.txt"'
tests_unit_test_password_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_person_SOURCES = tests/unit/test_person.c
tests_unit_test_person_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_person_field_SOURCES = tests/unit/test_person_field.c tests/unit/person_row.h
tests_unit_test_person_field_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_person_name_SOURCES = tests/unit/test_person_name.c tests/unit/person_row.h
tests_unit_test_person_name_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_token_SOURCES = tests/unit/test_token.c
tests_unit_test_token_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)

tests_unit_test_uid_SOURCES = tests/unit/test_uid.c
tests_unit_test_uid_LDADD = $(INVITE_LIBS) $(CMOCKA_LIBS)
