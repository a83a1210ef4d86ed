#include "lazygap/report/draw.h"
#include <gtest/gtest.h>
