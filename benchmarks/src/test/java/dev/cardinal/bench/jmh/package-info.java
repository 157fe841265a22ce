@NullMarked
package dev.cardinal.bench.jmh;

import org.jspecify.annotations.NullMarked;
