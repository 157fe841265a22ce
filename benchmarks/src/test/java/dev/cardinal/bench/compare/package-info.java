@NullMarked
package dev.cardinal.bench.compare;

import org.jspecify.annotations.NullMarked;
