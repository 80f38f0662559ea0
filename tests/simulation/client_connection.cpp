// SPDX-License-Identifier: MIT
#include "simulation/client_connection.hpp"

namespace dproxy::simulation {

using test::Octets;

void Clients::Connection::act() {
    if (is_over()) return;
    Random& random = clients_.random_;
    const std::uint64_t choice = random.below(100);
    if (choice < 90) {
        const std::uint64_t count = random.percent(10) ? random.between(2, 40) : 1;
        for (std::uint64_t i = 0; i < count && !is_over(); ++i) ask();
    } else if (choice < 93) {
        stop_reading();
    } else if (choice < 95) {
        leave();
    } else if (choice < 97) {
        reset();
    } else if (choice < 98) {
        socket->bring({0, 0}, 0);  // a message without length
        lost();
    } else if (choice < 99) {
        socket->bring({0, 40, 1, 2, 3}, 0);  // a part of one, and no more
        lost();
    }
}

void Clients::Connection::ask() {
    Asked drawn = clients_.draw_question(client_, true);
    drawn.at = at_;
    if (drawn.message.size() < 2) return;
    const std::uint16_t id = dns::id_of(drawn.message);
    if (open_.contains(id) || transfers_.contains(id)) return;
    const Asked& asked = clients_.ledger_.enter(std::move(drawn));
    Octets framed = test::framed(Octets(asked.message.begin(), asked.message.end()));
    auto& open = asked.query.is_transfer() ? transfers_ : open_;
    open[id] = asked.number;
    Random& random = clients_.random_;
    if (random.percent(5)) {  // in two parts
        const auto half = static_cast<std::ptrdiff_t>(random.below(framed.size()));
        socket->bring({framed.begin(), framed.begin() + half}, 0);
        socket->bring({framed.begin() + half, framed.end()}, random.below(100 * millisecond));
    } else {
        socket->bring({framed.begin(), framed.end()}, 0);
    }
}

void Clients::Connection::stop_reading() {
    socket->stall(true);
    stalled_ = true;
    const std::uint64_t wait = clients_.random_.between(10 * millisecond, 20 * second);
    const auto self = std::static_pointer_cast<Connection>(shared_from_this());
    clients_.kernel_.timeline().after(wait, [self, socket = socket] {
        self->stalled_ = false;
        socket->stall(false);
    });
}

std::size_t Clients::Connection::unanswered() const {
    if (is_over() || stalled_ || socket->untaken() > 0) return 0;
    std::size_t count = 0;
    for (const auto& [id, number] : open_) count += !clients_.ledger_.find(number)->is_dropped_by_form();
    return count;
}

void Clients::Connection::leave() {
    leaving_ = true;
    if (socket) socket->bring_end(0);
}

void Clients::Connection::reset() {
    if (socket) socket->bring_reset(0);
    lost();
}

void Clients::Connection::lost() {
    leaving_ = true;
    open_.clear();
}

void Clients::Connection::on_finished() {
    if (socket) socket->bring_end(0);
    lost();
}

void Clients::Connection::on_bytes(dns::Bytes bytes) {
    received_.insert(received_.end(), bytes.begin(), bytes.end());
    std::size_t at = 0;
    while (received_.size() - at >= 2) {
        const std::size_t length = dns::read_u16(received_.data() + at);
        if (received_.size() - at < 2 + length) break;
        on_message(dns::Bytes(received_).subspan(at + 2, length));
        at += 2 + length;
    }
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
}

void Clients::Connection::on_message(dns::Bytes message) {
    Ledger& ledger = clients_.ledger_;
    if (message.size() < dns::header_length) return clients_.journal_.violate("a client got a stump over TCP");
    const std::uint16_t id = dns::id_of(message);
    if (const auto transfer = transfers_.find(id); transfer != transfers_.end()) {
        Asked& asked = *ledger.find(transfer->second);
        if (asked.answers++ == 0) ++ledger.seen.tcp_answers;
        const std::string fault = ledger.fault_of_answer(asked, message);
        if (!fault.empty()) clients_.journal_.violate("a transfer's message is wrong: " + fault);
        return;
    }
    const auto found = open_.find(id);
    if (found == open_.end()) {
        if (!leaving_) clients_.journal_.violate("an answer over TCP that nobody asked");
        return;
    }
    ++ledger.seen.tcp_answers;
    ledger.answer(*ledger.find(found->second), message);
    open_.erase(found);
}

}  // namespace dproxy::simulation
