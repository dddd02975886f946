/* Logs in by libssh in every way it knows: libssh_peer PORT, with a key named ed25519 in the folder.
 * Prints a line for each answer of the server. */
#include <libssh/libssh.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ssh_session open_session(const char *port)
{
    ssh_session session = ssh_new();
    unsigned int number = (unsigned int)atoi(port);
    int no = 0;

    ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1");
    ssh_options_set(session, SSH_OPTIONS_PORT, &number);
    ssh_options_set(session, SSH_OPTIONS_USER, "libssh");
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    if (ssh_connect(session) != SSH_OK) {
        fprintf(stderr, "connect: %s\n", ssh_get_error(session));
        exit(1);
    }
    return session;
}

static void close_session(ssh_session session)
{
    ssh_disconnect(session);
    ssh_free(session);
}

static void show(const char *what, int answer)
{
    printf("%s %s\n", what,
           answer == SSH_AUTH_DENIED ? "denied"
           : answer == SSH_AUTH_SUCCESS ? "let in"
           : answer == SSH_AUTH_ERROR ? "error"
                                      : "other");
}

int main(int argc, char **argv)
{
    ssh_session session;
    ssh_key key = NULL;
    int answer, methods, i;

    if (argc != 2) {
        return 2;
    }
    session = open_session(argv[1]);
    printf("banner %s\n", ssh_get_serverbanner(session));
    show("none", ssh_userauth_none(session, NULL));
    methods = ssh_userauth_list(session, NULL);
    printf("methods%s%s%s%s\n", methods & SSH_AUTH_METHOD_PUBLICKEY ? " publickey" : "",
           methods & SSH_AUTH_METHOD_PASSWORD ? " password" : "",
           methods & SSH_AUTH_METHOD_INTERACTIVE ? " keyboard-interactive" : "",
           methods & ~(SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD |
                       SSH_AUTH_METHOD_INTERACTIVE)
               ? " more"
               : "");
    show("password", ssh_userauth_password(session, NULL, "libssh 1"));
    show("password", ssh_userauth_password(session, NULL, "libssh 2"));
    close_session(session);

    session = open_session(argv[1]);
    if (ssh_pki_import_privkey_file("ed25519", NULL, NULL, NULL, &key) != SSH_OK) {
        fprintf(stderr, "cannot read the key\n");
        return 1;
    }
    show("key asked", ssh_userauth_try_publickey(session, NULL, key));
    show("key", ssh_userauth_publickey(session, NULL, key));
    ssh_key_free(key);
    close_session(session);

    session = open_session(argv[1]);
    answer = ssh_userauth_kbdint(session, NULL, NULL);
    while (answer == SSH_AUTH_INFO) {
        int count = ssh_userauth_kbdint_getnprompts(session);
        for (i = 0; i < count; i++) {
            char echo;
            const char *prompt = ssh_userauth_kbdint_getprompt(session, (unsigned int)i, &echo);
            printf("prompt <%s> echo %d\n", prompt, echo);
            ssh_userauth_kbdint_setanswer(session, (unsigned int)i, "answer 3");
        }
        answer = ssh_userauth_kbdint(session, NULL, NULL);
    }
    show("keyboard-interactive", answer);
    close_session(session);
    return 0;
}
