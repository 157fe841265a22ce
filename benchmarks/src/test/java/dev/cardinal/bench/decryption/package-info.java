@NullMarked
package dev.cardinal.bench.decryption;

import org.jspecify.annotations.NullMarked;
