/** Whether the time and the look of answers tell what a ciphertext of IKEv1 was. */
@NullMarked
package dev.cardinal.bench.decryption;

import org.jspecify.annotations.NullMarked;
