@NullMarked
package dev.cardinal.bench.storm;

import org.jspecify.annotations.NullMarked;
