# Filled in with the exported package; kept apart so that CMakeLists.txt reads as a table of contents.
