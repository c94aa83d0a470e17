sbin_PROGRAMS += usherd
usherd_SOURCES = \
	src/main.c \
	src/app.c src/app.h src/app_private.h \
	src/app_check.c \
	src/app_conf.c \
	src/app_front.c \
	src/app_notify.c \
	src/app_signal.c
usherd_LDADD = libapi.a libweb.a libflow.a libauth.a libhttp.a libdir.a libstore.a libinvite.a \
	liblog.a libconf.a libloop.a libbase.a $(EVENT_LIBS) $(TLS_LIBS) $(LDAP_LIBS) $(SQLITE_LIBS) \
	$(SODIUM_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) $(UNISTRING_LIBS) $(IDN2_LIBS)
