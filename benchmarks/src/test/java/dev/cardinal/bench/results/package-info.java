@NullMarked
package dev.cardinal.bench.results;

import org.jspecify.annotations.NullMarked;
