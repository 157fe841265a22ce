@NullMarked
package dev.cardinal.bench.tune;

import org.jspecify.annotations.NullMarked;
