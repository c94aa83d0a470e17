noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	src/conf/conf.c src/conf/conf.h src/conf/conf_private.h \
	src/conf/conf_check.c \
	src/conf/conf_keys.c \
	src/conf/conf_value.c
