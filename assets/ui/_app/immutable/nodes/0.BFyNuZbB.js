
export{l as component,ht as universal}from"../chunks/CApkOYrA.js";