import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Scanner;
import java.util.TreeSet;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/** A program of bob's: does one thing for each line that it reads, and says how that went. */
public class Payments {
    private static final byte[] MESSAGE = "pay 100 to carol".getBytes();

    /** Java does not say what the keys that it makes are for. */
    private static final String USES = """
            attributes(*, CKO_PRIVATE_KEY, *) = { CKA_SIGN = true CKA_DECRYPT = true }
            attributes(*, CKO_PUBLIC_KEY, *) = { CKA_VERIFY = true CKA_ENCRYPT = true }
            attributes(*, CKO_SECRET_KEY, *) = {
              CKA_ENCRYPT = true CKA_DECRYPT = true CKA_SIGN = true CKA_VERIFY = true }
            """;

    private final Provider provider;
    private final KeyStore keys;

    private Payments(String module, String pin) throws Exception {
        provider = Security.getProvider("SunPKCS11")
                .configure("--name=Strongroom\nlibrary=" + module + "\nslot=0\n" + USES);
        Security.addProvider(provider);
        keys = KeyStore.getInstance("PKCS11", provider);
        keys.load(null, pin.toCharArray());
    }

    public static void main(String[] arguments) throws Exception {
        Payments program = new Payments(System.getenv("STRONGROOM_PKCS11_MODULE"), System.getenv("PIN"));
        System.out.println("ready");
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
            String[] words = lines.nextLine().split(" ");
            try {
                System.out.println(words[0] + ": " + program.run(words));
            } catch (Exception refused) {
                Throwable cause = refused.getCause() == null ? refused : refused.getCause();
                System.out.println(words[0] + ": refused: " + cause.getMessage());
            }
        }
    }

    private String run(String[] words) throws Exception {
        return switch (words[0]) {
            case "list" -> String.join(" ", new TreeSet<>(Collections.list(keys.aliases())));
            case "sign" -> HexFormat.of().formatHex(sign(words[2], (PrivateKey) keys.getKey(words[1], null)));
            case "mac" -> mac((SecretKey) keys.getKey(words[1], null));
            case "encrypt" -> encrypt((SecretKey) keys.getKey(words[1], null));
            case "generate" -> generate();
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private byte[] sign(String algorithm, PrivateKey key) throws Exception {
        Signature signature = Signature.getInstance(algorithm, provider);
        signature.initSign(key);
        signature.update(MESSAGE);
        return signature.sign();
    }

    private String mac(SecretKey key) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256", provider);
        mac.init(key);
        return HexFormat.of().formatHex(mac.doFinal(MESSAGE));
    }

    private String encrypt(SecretKey key) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding", provider);
        cipher.init(Cipher.ENCRYPT_MODE, key);
        byte[] encrypted = cipher.doFinal(MESSAGE);
        cipher.init(Cipher.DECRYPT_MODE, key);
        return Arrays.equals(cipher.doFinal(encrypted), MESSAGE) ? HexFormat.of().formatHex(encrypted) : "wrong";
    }

    /** Keys of this session, made with nothing said of what they are for. */
    private String generate() throws Exception {
        KeyPairGenerator pairs = KeyPairGenerator.getInstance("RSA", provider);
        pairs.initialize(2048);
        KeyPair pair = pairs.generateKeyPair();
        Signature verification = Signature.getInstance("SHA256withRSA", provider);
        verification.initVerify(pair.getPublic());
        verification.update(MESSAGE);
        boolean verified = verification.verify(sign("SHA256withRSA", pair.getPrivate()));
        KeyGenerator secrets = KeyGenerator.getInstance("AES", provider);
        secrets.init(256);
        return verified + " " + encrypt(secrets.generateKey()).length();
    }
}
