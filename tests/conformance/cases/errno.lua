-- The module errno.
local errno = require('errno')
local fiber = require('fiber')
local peers = require('peers')

case('type', function() return type(errno) end)
case('call', function() return type(errno()) end)
case('set', function()
    errno(errno.EPERM)
    return errno()
end)
case('set-returns-the-last', function()
    errno(5)
    return errno(7), errno()
end)
case('set-0', function()
    errno(0)
    return errno()
end)
case('set-unknown', function()
    errno(12345)
    return errno()
end)
case('set-string', function() return (pcall(errno, 'x')) end)
case('strerror', function() return errno.strerror(errno.EINVAL) end)
case('strerror-of-last', function()
    errno(errno.EPERM)
    return errno.strerror()
end)
case('strerror-0', function() return errno.strerror(0) end)
case('strerror-unknown', function() return errno.strerror(99999) end)
case('strerror-negative', function() return errno.strerror(-1) end)
case('strerror-string', function() return (pcall(errno.strerror, 'x')) end)
case('strerror-number-as-string', function() return errno.strerror('2') end)
case('unknown-constant', function() return errno.ENONSENSE end)
case('new-constant', function() errno.EMINE = 1 end)
case('new-constant-text', function() return pcall(function() errno.EMINE = 1 end) end)
for _, name in ipairs({
    'E2BIG', 'EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL', 'EADV', 'EAFNOSUPPORT', 'EAGAIN', 'EALREADY', 'EBADE',
    'EBADF', 'EBADFD', 'EBADMSG', 'EBADR', 'EBADRQC', 'EBADSLT', 'EBFONT', 'EBUSY', 'ECANCELED', 'ECHILD',
    'ECHRNG', 'ECOMM', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EDEADLK', 'EDEADLOCK',
    'EDESTADDRREQ', 'EDOM', 'EDOTDOT', 'EDQUOT', 'EEXIST', 'EFAULT', 'EFBIG', 'EHOSTDOWN', 'EHOSTUNREACH',
    'EHWPOISON', 'EIDRM', 'EILSEQ', 'EINPROGRESS', 'EINTR', 'EINVAL', 'EIO', 'EISCONN', 'EISDIR', 'EISNAM',
    'EKEYEXPIRED', 'EL2HLT', 'EL2NSYNC', 'EL3HLT', 'EL3RST', 'ELIBACC', 'ELIBBAD', 'ELIBEXEC', 'ELIBMAX',
    'ELIBSCN', 'ELNRNG', 'ELOOP', 'EMEDIUMTYPE', 'EMFILE', 'EMLINK', 'EMSGSIZE', 'EMULTIHOP',
    'ENAMETOOLONG', 'ENAVAIL', 'ENETDOWN', 'ENETRESET', 'ENETUNREACH', 'ENFILE', 'ENOANO', 'ENOBUFS',
    'ENOCSI', 'ENODATA', 'ENODEV', 'ENOENT', 'ENOEXEC', 'ENOKEY', 'ENOLCK', 'ENOLINK', 'ENOMEDIUM', 'ENOMEM',
    'ENOMSG', 'ENONET', 'ENOPKG', 'ENOPROTOOPT', 'ENOSPC', 'ENOSR', 'ENOSTR', 'ENOSYS', 'ENOTBLK',
    'ENOTCONN', 'ENOTDIR', 'ENOTEMPTY', 'ENOTNAM', 'ENOTRECOVERABLE', 'ENOTSOCK', 'ENOTSUP', 'ENOTTY',
    'ENOTUNIQ', 'ENXIO', 'EOPNOTSUPP', 'EOVERFLOW', 'EOWNERDEAD', 'EPERM', 'EPFNOSUPPORT', 'EPIPE',
    'EPROTO', 'EPROTONOSUPPORT', 'EPROTOTYPE', 'ERANGE', 'EREMCHG', 'EREMOTE', 'EREMOTEIO', 'ERESTART',
    'ERFKILL', 'EROFS', 'ESHUTDOWN', 'ESOCKTNOSUPPORT', 'ESPIPE', 'ESRCH', 'ESRMNT', 'ESTALE', 'ESTRPIPE',
    'ETIME', 'ETIMEDOUT', 'ETOOMANYREFS', 'ETXTBSY', 'EUCLEAN', 'EUNATCH', 'EUSERS', 'EWOULDBLOCK', 'EXDEV',
    'EXFULL',
}) do
    case(name, function() return errno[name] end)
end
