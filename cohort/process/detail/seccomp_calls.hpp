#pragma once
// Which system calls the profiles of a sandbox know, by name; the numbers are the architecture's.
// Closed to other rooms.
//
// `server` lists what it refuses: a program does what it likes, except to the machine. `strict`
// lists what it lets through: what a server needs to compute, to keep time, to talk over sockets
// that exist, and to use files (which ones, landlock says). Calls that are in neither of its lists
// fail with EPERM; those that this table is too old to know, with ENOSYS, so that the C library
// falls back to what it did before they existed.

#include <sys/syscall.h>

#include <array>

namespace cohort::process::detail {

/// Changes to the machine, and looks into other processes. Refused by both profiles.
inline constexpr auto machine_calls = std::to_array<long>({
    // Other processes' memory and descriptors.
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kcmp,
    SYS_process_madvise, SYS_perf_event_open,
    // Mounts and roots.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree, SYS_fsopen,
    SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_open_by_handle_at,
    SYS_fanotify_init, SYS_quotactl, SYS_quotactl_fd, SYS_swapon, SYS_swapoff,
    // The kernel itself.
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_bpf, SYS_reboot,
    SYS_syslog, SYS_acct, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_userfaultfd, SYS_lookup_dcookie, SYS_nfsservctl, SYS_vhangup,
    // Namespaces, names and clocks of the machine. (clone and unshare: by their flags.)
    SYS_setns, SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime,
    SYS_clock_adjtime, SYS_adjtimex,
    // Keys of the session.
    SYS_add_key, SYS_keyctl, SYS_request_key,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#if defined(__x86_64__)
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_create_module, SYS_get_kernel_syms, SYS_query_module,
    SYS_uselib, SYS_ustat, SYS__sysctl,
#endif
    467,  // open_tree_attr: younger than the headers; the number is that of all architectures
});

/// What `strict` lets through whatever its arguments are. Those that a server makes most often
/// come first.
inline constexpr auto strict_calls = std::to_array<long>({
    SYS_read,
    SYS_write,
    SYS_recvfrom,
    SYS_sendto,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_epoll_pwait,
#if defined(__x86_64__)
    SYS_epoll_wait,
#endif
    SYS_futex,
    SYS_accept4,
    SYS_epoll_ctl,
    SYS_close,
    SYS_readv,
    SYS_writev,
    SYS_getsockopt,
    // Bytes.
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_preadv2,
    SYS_pwritev2,
    SYS_sendfile,
    SYS_splice,
    SYS_tee,
    SYS_vmsplice,
    SYS_copy_file_range,
    SYS_lseek,
    SYS_fcntl,
    SYS_flock,
    SYS_fsync,
    SYS_fdatasync,
    SYS_sync_file_range,
    SYS_fallocate,
    SYS_ftruncate,
    SYS_fadvise64,
    SYS_readahead,
    SYS_close_range,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_eventfd2,
    SYS_memfd_create,
    SYS_memfd_secret,
    // Files: which ones, landlock says. Owners, modes, times and attributes stay as they are.
    SYS_newfstatat,
    SYS_fstat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_chdir,
    SYS_fchdir,
    SYS_umask,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    SYS_getxattr,
    SYS_lgetxattr,
    SYS_fgetxattr,
    SYS_listxattr,
    SYS_llistxattr,
    SYS_flistxattr,
    // Memory.
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_msync,
    SYS_mincore,
    SYS_mlock,
    SYS_mlock2,
    SYS_munlock,
    SYS_mlockall,
    SYS_munlockall,
    SYS_pkey_mprotect,
    SYS_pkey_alloc,
    SYS_pkey_free,
    SYS_membarrier,
    SYS_mbind,
    SYS_get_mempolicy,
    SYS_set_mempolicy,
    // Threads and this process.
    SYS_exit,
    SYS_exit_group,
    SYS_set_tid_address,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_futex_waitv,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_get_priority_max,
    SYS_sched_get_priority_min,
    SYS_sched_getattr,
    SYS_getcpu,
    SYS_getpid,
    SYS_getppid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getgroups,
    SYS_getresuid,
    SYS_getresgid,
    SYS_getpgid,
    SYS_getsid,
    SYS_getpriority,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrusage,
    SYS_times,
    SYS_getrandom,
    SYS_capget,
    SYS_prctl,
    SYS_wait4,
    SYS_waitid,
    SYS_seccomp,
    SYS_landlock_create_ruleset,
    SYS_landlock_add_rule,
    SYS_landlock_restrict_self,
    // Signals: to whom, landlock says (Linux 6.12), and our user.
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigpending,
    SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_sigaltstack,
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_signalfd4,
    SYS_restart_syscall,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    // Time, and waiting.
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_timer_create,
    SYS_timer_settime,
    SYS_timer_gettime,
    SYS_timer_getoverrun,
    SYS_timer_delete,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_getitimer,
    SYS_setitimer,
    SYS_epoll_create1,
    SYS_epoll_pwait2,
    SYS_ppoll,
    SYS_pselect6,
    // Sockets that exist. (socket and socketpair: by their families.)
    SYS_bind,
    SYS_connect,
    SYS_listen,
    SYS_accept,
    SYS_getsockname,
    SYS_getpeername,
    SYS_setsockopt,
    SYS_sendmmsg,
    SYS_recvmmsg,
    SYS_shutdown,
#if defined(__x86_64__)
    // The old names of what other architectures never had.
    SYS_creat,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_getdents,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_rename,
    SYS_renameat,
    SYS_link,
    SYS_symlink,
    SYS_inotify_init,
    SYS_dup2,
    SYS_pipe,
    SYS_eventfd,
    SYS_signalfd,
    SYS_epoll_create,
    SYS_poll,
    SYS_select,
    SYS_pause,
    SYS_alarm,
    SYS_time,
    SYS_getpgrp,
    SYS_getrlimit,
    SYS_arch_prctl,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
    // Younger than the headers: cachestat, map_shadow_stack, futex_wake, futex_wait,
    // futex_requeue, mseal. From 424 on the numbers are the same on all architectures.
    451,
    453,
    454,
    455,
    456,
    462,
});

/// What `strict` lets through and who only looks does not need: changes to folders, sockets that
/// others could come to, and signals to other processes by their number. (Its own threads are
/// reached by tgkill, which is how an abort ends.)
inline constexpr auto changing_calls = std::to_array<long>({
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_bind,
    SYS_listen,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
#if defined(__x86_64__)
    SYS_creat,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_rename,
    SYS_link,
    SYS_symlink,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
});

/// From here on nobody had a call when this table was read.
inline constexpr long first_unknown_call = 469;

}  // namespace cohort::process::detail
