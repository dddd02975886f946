/**
 * Passwords that are tried against an answer: those that VNC servers are guessed by most.
 * @module
 */

/** Eight characters at most, as VNC uses no more; likeliest first. */
const COMMON =
  "password 123456 1234 12345 12345678 1234567 123456789 123 admin vnc vnc123 vncpass vncpassw " +
  "vncserve vncvnc vnc1234 vnc12345 vncadmin vncuser myvnc tightvnc tigervnc ultravnc realvnc " +
  "winvnc xvnc x11vnc novnc vino root toor secret test test123 guest user pass pass123 pass1234 " +
  "passw0rd p@ssw0rd P@ssw0rd Passw0rd Password PASSWORD Password1 p@ssword P@ssword pa$$word " +
  "Pa$$w0rd pa55word pass1 passwd pwd changeme change letmein letmein1 welcome welcome1 Welcome1 " +
  "qwerty qwerty12 qwertyui qwer1234 qwe123 qweasd qweasdzx qazwsx qazwsxed q1w2e3r4 q1w2e3 " +
  "1q2w3e 1q2w3e4r 1qaz2wsx 1qaz@WSX !QAZ2wsx zaq12wsx zxcvbn zxcvbnm zxc123 asdf asdfgh " +
  "asdfghjk asdasd asd123 abc abc123 ABC123 abcd1234 abcdef a123456 a1b2c3 a1b2c3d4 aaaaaa aa123456 " +
  "admin1 admin12 admin123 admin1234 Admin Admin123 ADMIN administ Administ adminadm root123 root1234 " +
  "rootroot 0 00 000 0000 00000 000000 00000000 1 11 111 1111 11111 111111 11111111 12 1212 121212 " +
  "123123 12312312 123321 1234321 123qwe 123abc 12341234 1234qwer 12344321 112233 11223344 101010 " +
  "2222 222222 22222222 2000 2020 2021 2022 2023 2024 2025 2026 3333 333333 4321 4444 444444 5555 " +
  "555555 55555555 54321 654321 6666 666666 66666666 69696969 7777 777777 7777777 77777777 7654321 " +
  "8888 888888 88888888 87654321 9999 999999 99999999 987654 98765432 98765 159753 147258 14725836 " +
  "123654 147852 789456 78945612 456123 456789 131313 1313 232323 159357 100 1004 1122 1988 1989 " +
  "1990 1991 1992 1993 1994 1995 1996 1997 1998 1999 2580 5150 1337 31337 " +
  "raspberr raspi pi ubuntu debian centos fedora redhat kali linux unix windows win win10 macos apple " +
  "osx server server1 desktop remote remote1 remoto access acceso connect console control monitor " +
  "screen display computer pc pc123 office home lab work support service helpdesk backup system " +
  "sysadmin master manager operator operador supervis demo default public private internet network " +
  "router cisco dell hp lenovo ibm oracle mysql postgres docker vagrant jenkins vmware esxi xen kvm " +
  "qemu proxmox openstac cloud aws azure alpine android amiga hadoop nagios zabbix grafana apache " +
  "tomcat ftp ssh rdp telnet git web www mail info sales dev develope devel prod staging qa tester " +
  "testing temp temp123 tmp trial sample example new none null nothing nopass password0 blank empty " +
  "scada hmi plc wago siemens simatic schneide rockwell omron beckhoff proface weintek beijer " +
  "FELDTECH Vision2 Amx1234! elux eLux EltaTemp TOUCHLON iberia ipc panel machine robot fanuc kuka " +
  "tablet kiosk pos pos123 cashier camera cctv dvr nvr hikvisio dahua video tv signage digital " +
  "factory plant line1 station terminal teamview anydesk logmein radmin dameware " +
  "love iloveyou sunshine princess monkey dragon football baseball basketba soccer hockey superman " +
  "batman spiderma pokemon naruto starwars matrix shadow michael jordan jordan23 jennifer jessica " +
  "ashley daniel andrew joshua george thomas robert charlie maggie buster ginger tigger pepper hunter " +
  "hunter2 killer ranger harley mustang ferrari porsche mercedes trustno1 freedom whatever hello " +
  "hello123 hello1 bailey summer winter spring autumn monday friday january december cookie cheese " +
  "chocolat banana orange purple yellow silver golden diamond crystal angel angels lucky flower " +
  "nicole samantha michelle amanda donald alex alexande anthony david john mike james chris peter " +
  "paul mark steve steven martin carlos juan maria jose pedro daniela hannah sophie ninja azerty " +
  "solo loveme family jesus jesus1 god heaven secret1 secret12 secret123 security secure s3cret " +
  "s3cr3t topsecre super super123 superuse su sudo god123 login logon log1n open openme opensesa " +
  "sesame magic mypass mypasswo mypc mycomput me mine yes no ok go bitch fuck fuckyou fuckme shit ass " +
  "pussy cock dick porn sex sexy hacker hack hacked hackme h4ck3r 0wned pwned cyber crypto bitcoin " +
  "money cash bank rich player gamer game games xbox nintendo steam minecraf counter killme qwaszx " +
  "wsxedc edcrfv rfvtgb zaqwsx zaqxsw plmokn okmijn asdf1234 asdfasdf zxcv zxcv1234 zxcvzxcv qwerqwer " +
  "qqqqqq qwqwqw wwwwww zzzzzz xxxxxx xxx x a b c q w e z aa bb aaa bbb abcabc abc12345 abcd abcde " +
  "abcdefg abcdefgh aaaa aaaaaaaa";

/** The passwords, each once. */
export const COMMON_PASSWORDS: readonly string[] = [
  ...new Set(COMMON.split(" ").map((word) => word.slice(0, 8))),
];
