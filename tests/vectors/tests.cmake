# The vectors by a reader in Python that shares nothing with libthaw.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME vectors_python COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/vectors/test_vectors.py)
