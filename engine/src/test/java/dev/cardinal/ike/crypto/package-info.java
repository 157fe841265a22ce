@NullMarked
package dev.cardinal.ike.crypto;

import org.jspecify.annotations.NullMarked;
