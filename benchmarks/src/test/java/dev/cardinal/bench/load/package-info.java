@NullMarked
package dev.cardinal.bench.load;

import org.jspecify.annotations.NullMarked;
