@NullMarked
package dev.cardinal.ike;

import org.jspecify.annotations.NullMarked;
