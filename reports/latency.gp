# $data: time, log10 of the duration in ms, log10 of operations per second (one row per cell); $lines: time, p50, p99 in
# log10 of ms, and of each the values that stand alone
set yrange [y_low:y_high]
set ytics ('1 us' -3, '10 us' -2, '100 us' -1, '1 ms' 0, '10 ms' 1, '100 ms' 2, '1 s' 3, '10 s' 4, '100 s' 5, '1000 s' 6, '10 000 s' 7, '100 000 s' 8)
set palette defined (0 '#3f6fb5', 0.35 '#2c9f94', 0.7 '#8fce4d', 1 '#fde725')
set cbrange [c_low:c_high]
set cbtics ('0.01/s' -2, '0.1/s' -1, '1/s' 0, '10/s' 1, '100/s' 2, '1000/s' 3, '10 000/s' 4, '100 000/s' 5, '10^6/s' 6) textcolor rgb '#000000'
set colorbox user origin screen 1 - 86.0 / width, graph 0 size screen 14.0 / width, graph 1 noborder
set rmargin at screen 1 - 100.0 / width
@time_name
plot $data using 1:2:3 with image notitle, \
    for [k = 2:3] $lines using 1:k with lines linetype 1 linecolor rgb '#ffffff' linewidth 4, \
    $lines using 1:2 with lines linetype 1 linecolor rgb '#000000' linewidth 1.4 dashtype 2 title 'p50', \
    $lines using 1:3 with lines linetype 1 linecolor rgb '#000000' linewidth 1.6 title 'p99', \
    for [k = 4:5] $lines using 1:(column(k)) with points pointtype 7 pointsize 0.3 linecolor rgb '#000000'
