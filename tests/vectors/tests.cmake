# The vectors by a reader in Python that shares nothing with libthaw.
add_test(NAME vectors_lexicon COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/vectors/test_lexicon.py)
add_test(NAME vectors_python COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/vectors/test_vectors.py)
