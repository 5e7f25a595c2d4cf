// Gives the precompiled header a library to belong to.
#include "dlc/Precompiled.h"
