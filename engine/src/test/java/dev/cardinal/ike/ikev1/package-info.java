@NullMarked
package dev.cardinal.ike.ikev1;

import org.jspecify.annotations.NullMarked;
