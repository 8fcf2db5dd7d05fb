# A minimal client of sockd in Perl, written from docs/PROTOCOL.md alone: MessagePack as far as the
# protocol goes, calls by request and answer, and a dialogue.
#
#   perl client.pl SOCKET PORT CLOSED-PORT
use strict;
use warnings;
use IO::Socket::UNIX;

# ---- MessagePack: numbers, text, arrays, maps, nil ----

sub pack_value {
    my ($value) = @_;
    return "\xc0" if !defined $value;
    return pack('CN', 0xdd, scalar @$value) . join('', map { pack_value($_) } @$value)
        if ref $value eq 'ARRAY';
    return pack('CN', 0xdf, scalar keys %$value)
        . join('', map { pack_value($_) . pack_value($value->{$_}) } keys %$value)
        if ref $value eq 'HASH';
    return pack('Cq>', 0xd3, $value) if $value =~ /^-?\d+$/;
    return pack('Cd>', 0xcb, $value) if $value =~ /^-?\d*\.\d+$/;
    return pack('CN', 0xdb, length $value) . $value;
}

package Input {
    sub new { my ($class, $socket) = @_; return bless { socket => $socket, bytes => '' }, $class }

    sub take {
        my ($self, $size, $format) = @_;
        while (length $self->{bytes} < $size) {
            sysread($self->{socket}, $self->{bytes}, 65536, length $self->{bytes})
                or die "the daemon is gone\n";
        }
        my $taken = substr $self->{bytes}, 0, $size, '';
        return $format ? unpack($format, $taken) : $taken;
    }

    sub array { my ($self, $count) = @_; return [map { $self->value } 1 .. $count] }
    sub map_of { my ($self, $count) = @_; return { map { $self->value } 1 .. 2 * $count } }

    my %fixed = (
        0xc0 => sub { undef }, 0xc2 => sub { 0 }, 0xc3 => sub { 1 },
        0xca => sub { $_[0]->take(4, 'f>') }, 0xcb => sub { $_[0]->take(8, 'd>') },
        0xcc => sub { $_[0]->take(1, 'C') }, 0xcd => sub { $_[0]->take(2, 'n') },
        0xce => sub { $_[0]->take(4, 'N') }, 0xcf => sub { $_[0]->take(8, 'Q>') },
        0xd0 => sub { $_[0]->take(1, 'c') }, 0xd1 => sub { $_[0]->take(2, 's>') },
        0xd2 => sub { $_[0]->take(4, 'l>') }, 0xd3 => sub { $_[0]->take(8, 'q>') },
        (map { $_ => sub { $_[0]->take($_[0]->take(1, 'C')) } } 0xc4, 0xd9),
        (map { $_ => sub { $_[0]->take($_[0]->take(2, 'n')) } } 0xc5, 0xda),
        (map { $_ => sub { $_[0]->take($_[0]->take(4, 'N')) } } 0xc6, 0xdb),
        0xdc => sub { $_[0]->array($_[0]->take(2, 'n')) }, 0xdd => sub { $_[0]->array($_[0]->take(4, 'N')) },
        0xde => sub { $_[0]->map_of($_[0]->take(2, 'n')) }, 0xdf => sub { $_[0]->map_of($_[0]->take(4, 'N')) },
    );

    sub value {
        my ($self) = @_;
        my $head = $self->take(1, 'C');
        return $head if $head < 0x80;
        return $self->map_of($head & 0x0f) if $head < 0x90;
        return $self->array($head & 0x0f) if $head < 0xa0;
        return $self->take($head & 0x1f) if $head < 0xc0;
        return $head - 256 if $head >= 0xe0;
        my $reader = $fixed{$head} or die sprintf("no MessagePack: %02x\n", $head);
        return $reader->($self);
    }
}

# ---- requests and answers ----

my ($path, $port, $closed_port) = @ARGV;
my $socket = IO::Socket::UNIX->new(Peer => $path) or die "cannot connect: $!\n";
my $input = Input->new($socket);
my ($last, %answers) = (0);

sub request {
    my ($method, @params) = @_;
    syswrite $socket, pack_value([0, ++$last, $method, \@params]);
    return $last;
}

# The result, and the error's name if there is one.
sub answer {
    my ($number) = @_;
    while (!$answers{$number}) {
        my $message = $input->value;
        $answers{$message->[1]} = $message if $message->[0] == 1;
    }
    my (undef, undef, $error, $result) = @{ delete $answers{$number} };
    return $error ? (undef, $result->{name}) : ($result, '');
}

sub call { return answer(request(@_)) }

# ---- a dialogue ----

my ($pong) = call('sockd.ping');
print "$pong\n";
my ($handle) = call('tcp_connect', '127.0.0.1', $port, 5);
my ($sent) = call('write', $handle, "question\n");
print "wrote $sent\n";
my ($line) = call('read', $handle, "\n", 5);
print "read $line";
my (undef, $refused) = call('tcp_connect', '127.0.0.1', $closed_port);
print "failed $refused\n";
my (undef, $late) = call('read', $handle, "\n", { timeout => 0.05 });
print "timed out $late\n";
my $waiting = request('read', $handle, "\n");
call('sockd.cancel', $waiting);
my (undef, $cancelled) = answer($waiting);
print "cancelled $cancelled\n";
my ($rest) = call('read', $handle, 8);
print "read $rest\n";
my ($closed) = call('close', $handle);
print "closed\n" if $closed;
