@NullMarked
package dev.cardinal.bench.scale;

import org.jspecify.annotations.NullMarked;
