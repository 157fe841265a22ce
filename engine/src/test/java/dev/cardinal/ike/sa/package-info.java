@NullMarked
package dev.cardinal.ike.sa;

import org.jspecify.annotations.NullMarked;
