@NullMarked
package dev.cardinal.ike.backend;

import org.jspecify.annotations.NullMarked;
