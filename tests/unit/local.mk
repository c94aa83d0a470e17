# filled by its tests
