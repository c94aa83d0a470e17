check_PROGRAMS += tests/unit/test_conf tests/unit/test_log tests/unit/test_loop
tests_unit_test_conf_SOURCES = tests/unit/test_conf.c
tests_unit_test_conf_LDADD = libconf.a $(BASE_LIBS) $(INIH_LIBS) $(CMOCKA_LIBS)
tests_unit_test_log_SOURCES = tests/unit/test_log.c
tests_unit_test_log_LDADD = liblog.a $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_loop_SOURCES = tests/unit/test_loop.c
tests_unit_test_loop_LDADD = $(LOOP_LIBS) $(CMOCKA_LIBS)
