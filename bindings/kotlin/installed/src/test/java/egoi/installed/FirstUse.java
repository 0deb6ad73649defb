package egoi.installed;

import com.sun.jna.Native;
import egoi.verify.phone.EgoiVerifyPhone;

/** Prints a number that it has read, and how many milliseconds the first use took once JNA was there. */
final class FirstUse {
    private FirstUse() {}

    public static void main(String[] arguments) {
        var size = Native.POINTER_SIZE;
        var began = System.nanoTime();
        EgoiVerifyPhone.preload();
        var number = EgoiVerifyPhone.parseNumber("+351 910 000 000");
        var took = (System.nanoTime() - began) / 1e6;
        if (number == null || size == 0) throw new AssertionError("it is one");
        System.out.println(number.getE164());
        System.out.println(took);
    }
}
