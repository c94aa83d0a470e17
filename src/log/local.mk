# filled by this module
