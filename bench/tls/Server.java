import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.*;

/** A Java TLS listener: args port, PKCS#12 file, "default" or "old" (SSLv3, SSLv2Hello and every suite that there is). */
public class Server {
  public static void main(String[] args) throws Exception {
    boolean old = args[2].equals("old");
    if (old) {
      Security.setProperty("jdk.tls.disabledAlgorithms", "");
      Security.setProperty("jdk.tls.legacyAlgorithms", "");
      Security.setProperty("jdk.certpath.disabledAlgorithms", "");
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new FileInputStream(args[1]), "changeit".toCharArray());
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, "changeit".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
        .createServerSocket(Integer.parseInt(args[0]), 200, java.net.InetAddress.getByName("127.0.0.1"));
    if (old) {
      server.setEnabledProtocols(server.getSupportedProtocols());
      server.setEnabledCipherSuites(server.getSupportedCipherSuites());
    }
    while (true) {
      SSLSocket socket = (SSLSocket) server.accept();
      new Thread(() -> {
        try (socket) {
          socket.setSoTimeout(5000);
          socket.startHandshake();
          socket.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\n".getBytes());
        } catch (Exception peer) {
          // what a client does is its own affair
        }
      }).start();
    }
  }
}
