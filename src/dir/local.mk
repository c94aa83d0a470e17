noinst_LIBRARIES += libdir.a
libdir_a_SOURCES = \
	src/dir/dir.c src/dir/dir.h src/dir/dir_private.h \
	src/dir/dir_ask.c \
	src/dir/dir_check.c \
	src/dir/dir_conn.c \
	src/dir/dir_dn.c \
	src/dir/dir_entry.c \
	src/dir/dir_error.c \
	src/dir/dir_filter.c \
	src/dir/dir_job.c \
	src/dir/dir_op_add.c \
	src/dir/dir_op_find.c \
	src/dir/dir_places.c \
	src/dir/dir_proof.c \
	src/dir/dir_server.c \
	src/dir/dir_wire.c

# The schema in each form that a server reads, from one source.
schemadir = $(pkgdatadir)/schema
schema_DATA = schema/usherd.schema schema/usherd.ldif schema/98usherd.ldif
CLEANFILES += $(schema_DATA)
EXTRA_DIST += schema/README.md schema/usherd.schema.in schema/make-schema.sh \
	conf/slapd.conf.in tests/rig/slapd.sh

schema/usherd.schema: schema/usherd.schema.in schema/make-schema.sh
	$(AM_V_GEN)$(MKDIR_P) schema && \
	$(srcdir)/schema/make-schema.sh conf $(srcdir)/schema/usherd.schema.in >$@
schema/usherd.ldif: schema/usherd.schema.in schema/make-schema.sh
	$(AM_V_GEN)$(MKDIR_P) schema && \
	$(srcdir)/schema/make-schema.sh olc $(srcdir)/schema/usherd.schema.in >$@
schema/98usherd.ldif: schema/usherd.schema.in schema/make-schema.sh
	$(AM_V_GEN)$(MKDIR_P) schema && \
	$(srcdir)/schema/make-schema.sh 389ds $(srcdir)/schema/usherd.schema.in >$@

DIR_TEST_LIBS = libdir.a $(LOOP_LIBS) $(LDAP_LIBS) $(UNISTRING_LIBS) $(CMOCKA_LIBS)
DIR_TEST_RIG = tests/unit/test_dir_rig.c tests/unit/test_dir_rig.h
check_PROGRAMS += tests/unit/test_dir_names tests/unit/test_dir
tests_unit_test_dir_names_SOURCES = tests/unit/test_dir_names.c tests/unit/test_dir_rig.h
tests_unit_test_dir_names_LDADD = $(DIR_TEST_LIBS)
tests_unit_test_dir_SOURCES = tests/unit/test_dir.c $(DIR_TEST_RIG)
tests_unit_test_dir_LDADD = $(DIR_TEST_LIBS)
check_PROGRAMS += tests/unit/test_dir_faults
tests_unit_test_dir_faults_SOURCES = tests/unit/test_dir_faults.c $(DIR_TEST_RIG)
tests_unit_test_dir_faults_LDADD = $(DIR_TEST_LIBS)
