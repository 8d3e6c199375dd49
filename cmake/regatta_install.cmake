# cmake --install: the programs with their manual pages and completion, the catalogue and ready scenarios, and the library
# with its headers, for find_package(regatta) and regatta::program.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS regatta regatta-post RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
foreach(program regatta regatta-post)
    install(FILES "${CMAKE_BINARY_DIR}/share/${program}.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
    install(FILES "${CMAKE_BINARY_DIR}/share/${program}.bash" RENAME ${program}
            DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
    install(FILES "${CMAKE_BINARY_DIR}/share/${program}.zsh" RENAME _${program}
            DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
    install(FILES "${CMAKE_BINARY_DIR}/share/${program}.fish"
            DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endforeach()
install(DIRECTORY configs/catalogue DESTINATION "${CMAKE_INSTALL_DATADIR}/regatta")
install(DIRECTORY configs/ DESTINATION "${CMAKE_INSTALL_DATADIR}/regatta/configs" FILES_MATCHING PATTERN "*.yaml"
        PATTERN catalogue EXCLUDE)
install(FILES docs/reference/scenario.schema.json DESTINATION "${CMAKE_INSTALL_DATADIR}/regatta")
install(DIRECTORY include/regatta DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

# Rooms are found as regatta::engine and so on, here and in the package.
set(package_targets regatta_flags regatta_random123 regatta_xxhash regatta_csv regatta_deflate regatta_protozero
    regatta_expected regatta_cairo regatta_hdf5)
foreach(room ${REGATTA_ROOMS} app program)
    list(APPEND package_targets regatta_${room})
    set_target_properties(regatta_${room} PROPERTIES EXPORT_NAME ${room})
endforeach()
install(TARGETS ${package_targets} EXPORT regatta_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/regatta")
set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/regatta")
install(EXPORT regatta_targets NAMESPACE regatta:: DESTINATION "${package_directory}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/regattaConfig.cmake.in"
                              "${CMAKE_BINARY_DIR}/regattaConfig.cmake"
                              INSTALL_DESTINATION "${package_directory}" PATH_VARS CMAKE_INSTALL_DATADIR)
# Nothing is promised between versions below 1.
write_basic_package_version_file("${CMAKE_BINARY_DIR}/regattaConfigVersion.cmake" COMPATIBILITY ExactVersion)
install(FILES "${CMAKE_BINARY_DIR}/regattaConfig.cmake" "${CMAKE_BINARY_DIR}/regattaConfigVersion.cmake"
        DESTINATION "${package_directory}")
