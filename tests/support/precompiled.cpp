// Nothing: what test programs share is in the precompiled headers of this target (CMakeLists.txt).
